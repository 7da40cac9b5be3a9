import { Argument, Command } from 'commander';
import type { WithBody } from './with-body.js';

/** About the command line itself. */
export function toolCommands(withBody: WithBody): Command[] {
  const config = new Command('config').description('the configuration of this command line');
  config.addCommand(
    withBody(
      new Command('show').description('every setting and where it comes from'),
      async () => (await import('../commands/config-show.js')).configShow,
    ),
  );
  const completion: Command = withBody(
    new Command('completion')
      .description('completion for a shell: source <(rehome completion bash)')
      .addArgument(new Argument('<shell>', 'which one').choices(['bash', 'zsh', 'fish'])),
    async () => (await import('../commands/completion.js')).completionOf(rootOf(completion)),
  );
  return [config, completion];
}

/** The whole tree, once the command hangs in it. */
function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
