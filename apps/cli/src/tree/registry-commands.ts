import { Command, Option } from 'commander';
import { NOUNS, type Noun } from './nouns.js';
import type { WithBody } from './with-body.js';

/** `rehome server list`, `show`, `put` and the same of each other noun of the registry. */
export function registryCommands(withBody: WithBody): Command[] {
  return NOUNS.map((noun) => registryCommand(withBody, noun));
}

function registryCommand(withBody: WithBody, noun: Noun): Command {
  const command = new Command(noun.noun).description(noun.description);
  const body = async () => import('../commands/registry.js');
  command.addCommand(withBody(new Command('list').description('all of them'), async () => (await body()).listOf(noun)));
  command.addCommand(
    withBody(new Command('show').description('one of them').argument('<name>', 'its name'), async () =>
      (await body()).showOf(noun),
    ),
  );
  command.addCommand(
    withBody(
      new Command('put')
        .description('register it or change it; a change acts on later requests')
        .argument('<name>', 'its name')
        .addOption(
          new Option('--file <path>', 'the entry as JSON or YAML; - reads standard input').makeOptionMandatory(),
        ),
      async () => (await body()).putOf(noun),
    ),
  );
  return command;
}
