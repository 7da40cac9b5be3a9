import { Command, Option } from 'commander';
import { planCommand, submitCommand } from './request-commands.js';
import type { WithBody } from './with-body.js';

/** Commands about migrations: ask, look, follow. */
export function migrationCommands(withBody: WithBody): Command[] {
  return [
    submitCommand(withBody),
    planCommand(withBody),
    withBody(
      new Command('watch')
        .description('follow a migration until it rests; Ctrl-C leaves it alone')
        .argument('<id>', 'of the migration')
        .option('--after <position>', 'with --json: only events after this position'),
      async () => (await import('../commands/watch.js')).watch,
    ),
    withBody(
      new Command('show').description('one migration with its steps').argument('<id>', 'of the migration'),
      async () => (await import('../commands/show.js')).show,
    ),
    withBody(
      new Command('list')
        .description('migrations, newest first')
        .option('--kind <kind>', 'only this kind')
        .option('--status <status>', 'only this status')
        .option('--subject <subject>', 'only this subject, such as instance:46784872-…')
        .option('--dry-runs', 'dry runs instead of migrations')
        .addOption(new Option('--limit <rows>', 'rows of a page').default('50'))
        .option('--after <next>', 'the page after this one')
        .option('--all', 'every page'),
      async () => (await import('../commands/list.js')).list,
    ),
    withBody(
      new Command('work').description('with --in-process: work on everything that is pending, then end'),
      async () => (await import('../commands/work.js')).work,
    ),
  ];
}
