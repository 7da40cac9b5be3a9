import { Command, InvalidArgumentError, Option } from 'commander';
import { VALIDATION_CATEGORIES } from '#shared/contracts/projects.js';
import type { WithBody } from './with-body.js';

/** How the databases of a project are, and what is wrong in them. */
export function healthCommands(withBody: WithBody): Command[] {
  return [
    withBody(
      project(new Command('health').description('how the databases of a project are; looks now'))
        .option('--last', 'what executors saw last, without a new look')
        .option('--database <alias>', 'only this one; may be repeated', collected),
      async () => (await import('../commands/health.js')).health,
    ),
    withBody(
      project(new Command('validate').description('judge schema and data of the databases of a project'))
        .option('--database <alias>', 'only this one')
        .addOption(
          new Option('--category <name>', 'only this category; may be repeated')
            .choices([...VALIDATION_CATEGORIES])
            .argParser(category),
        )
        .option('--up-down-up', 'also run every version up, down and up again on a scratch database'),
      async () => (await import('../commands/validate.js')).validate,
    ),
    withBody(
      project(new Command('orphans').description('rows that refer to rows which are not there')).option(
        '--database <alias>',
        'only this one',
      ),
      async () => (await import('../commands/orphans.js')).orphans,
    ),
  ];
}

function project(command: Command): Command {
  return command.addOption(new Option('--project <name>', 'as it was pushed').makeOptionMandatory());
}

function collected(text: string, before?: string[]): string[] {
  return [...(before ?? []), text];
}

/** What `choices` would do for one. */
function category(text: string, before?: string[]): string[] {
  if (VALIDATION_CATEGORIES.some((known) => known === text)) return collected(text, before);
  throw new InvalidArgumentError(`Allowed choices are ${VALIDATION_CATEGORIES.join(', ')}.`);
}
