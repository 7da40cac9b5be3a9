import { Command, Option } from 'commander';
import { BACKUP_TIERS } from '#shared/contracts/backups.js';
import { collected, commonOptions } from './request-commands.js';
import type { WithBody } from './with-body.js';

/** Projects of versioned migrations: bring their databases up to date, take a version back, see how they stand. */
export function applyCommands(withBody: WithBody): Command[] {
  return [applyCommand(withBody), revertCommand(withBody), statusCommand(withBody), historyCommand(withBody)];
}

function applyCommand(withBody: WithBody): Command {
  const command = asked(new Command('apply'), 'a project that was pushed, or its folder, which is pushed first: ./epsm')
    .description('bring the databases of a project up to date')
    .option('--to <version>', 'how far: latest, version or app/version')
    .option(
      '--database <alias[:how]>',
      'only this database, and how: results:apps=a,b:to=0007:fakeTo=0003:fakeInitial; may be repeated',
      collected,
    )
    .option('--only <alias>', 'only this database; the others are left out for --reason; may be repeated', collected)
    .option('--reason <text>', 'why --only leaves the others out')
    .option('--leave-out <alias=reason>', 'leave a database as it is; may be repeated', collected)
    .option('--no-backup', 'make no backup before')
    .option('--if-needed', 'for entrypoints: wait while another run holds the project, then do what is left')
    .option('--wait', 'follow it until it rests; --if-needed and --in-process do so anyway')
    .option('--dry-run', 'print the plan, change nothing')
    .option('--idempotency-key <key>', 'the same key and request get the same migration');
  return withBody(commonOptions(command), async () => (await import('../commands/apply.js')).apply);
}

function revertCommand(withBody: WithBody): Command {
  const command = asked(new Command('revert'), 'the project')
    .description('take one version back, after a safety backup')
    .addOption(new Option('--database <alias>', 'on this database').makeOptionMandatory())
    .addOption(
      new Option('--version <version>', 'version, version_name or app/version of the migration').makeOptionMandatory(),
    )
    .option('--emergency-latest', 'by the newest backup from before it was applied')
    .addOption(
      new Option('--emergency-latest-tier <tier>', 'by the newest of this tier from before it was applied').choices(
        BACKUP_TIERS,
      ),
    )
    .option('--emergency-script <path>', 'by a script of the project, in place of the down script')
    .option('--wait', 'follow it until it rests; --in-process does so anyway')
    .option('--dry-run', 'print the plan, change nothing')
    .option('--idempotency-key <key>', 'the same key and request get the same migration');
  return withBody(commonOptions(command), async () => (await import('../commands/revert.js')).revert);
}

function statusCommand(withBody: WithBody): Command {
  return withBody(
    asked(new Command('status'), 'the project').description(
      'what is applied and what is pending on each database of a project, as of the last look',
    ),
    async () => (await import('../commands/project-status.js')).projectStatus,
  );
}

function historyCommand(withBody: WithBody): Command {
  return withBody(
    asked(new Command('history'), 'the project')
      .description('what became of the migrations of a project, newest first')
      .addOption(new Option('--limit <rows>', 'how many').default('20'))
      .option('--after <next>', 'the page after this one'),
    async () => (await import('../commands/project-history.js')).projectHistory,
  );
}

function asked(command: Command, description: string): Command {
  return command.addOption(new Option('--project <name>', description).makeOptionMandatory());
}
