import { Command, Option } from 'commander';
import type { WithBody } from './with-body.js';

/** About the files of a project of migrations; no server is asked. */
export function projectFileCommands(withBody: WithBody): Command[] {
  const migration = new Command('migration').description('migrations of a project, as files');
  migration.addCommand(
    withBody(
      new Command('new')
        .description('write the scripts of the next version of an app')
        .argument('<app>', 'whose migration it is')
        .argument('<name>', 'what it does: add_gas_meters')
        .option('--table <name>', 'that it will make; tells the database')
        .addOption(projectFolder()),
      async () => (await import('../commands/migration-new.js')).migrationNew,
    ),
  );
  migration.addCommand(
    withBody(
      new Command('orphans')
        .description('write a migration that removes rows which refer to nothing')
        .option('--reference <child.col=parent.col>', 'of these columns; the one of project.yaml when silent')
        .option('--app <name>', 'whose migration it is to be; the one that makes the table when silent')
        .addOption(projectFolder()),
      async () => (await import('../commands/migration-orphans.js')).migrationOrphans,
    ),
  );
  return [
    migration,
    withBody(
      new Command('env')
        .description('the variables in which programs expect the addresses of the databases')
        .option('--check', 'tell which are missing, empty or wrong; never what stands in them')
        .option('--template', 'print a file to fill in')
        .option('--file <path>', 'check this .env file instead of the environment')
        .addOption(projectFolder()),
      async () => (await import('../commands/env.js')).env,
    ),
    withBody(
      new Command('diagnose')
        .description('what an error of a database means here, and what to run')
        .argument('<text>', 'of the error, as it was printed; - reads standard input')
        .option('--on <alias>', 'database at which it was seen')
        .addOption(projectFolder()),
      async () => (await import('../commands/diagnose.js')).diagnose,
    ),
  ];
}

function projectFolder(): Option {
  return new Option('--project <dir>', 'folder with project.yaml').default('.');
}
