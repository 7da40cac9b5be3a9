import { Command, Option } from 'commander';
import { collected } from './request-commands.js';
import type { WithBody } from './with-body.js';

/** The catalogue of backups; what makes or changes one is a migration. */
export function backupCommands(withBody: WithBody): Command[] {
  const backup = new Command('backup').description('the catalogue of backups');
  const body = async () => import('../commands/backups.js');
  backup.addCommand(
    withBody(
      new Command('list')
        .description('backups, newest first')
        .option('--server <name>', 'only of this server')
        .option('--database <name>', 'only of this database')
        .option('--tier <tier>', 'only of this tier')
        .option('--label <text>', 'only with this label')
        .option('--status <status>', 'only with this status')
        .option('--after <next>', 'the page after this one'),
      async () => (await body()).backupList,
    ),
  );
  backup.addCommand(withBody(oneBackup('show', 'one backup'), async () => (await body()).backupShow));
  backup.addCommand(
    withBody(
      oneBackup('verify', 'prove it: check its files and restore it into a scratch database'),
      async () => (await body()).backupVerify,
    ),
  );
  backup.addCommand(
    withBody(
      oneBackup('promote', 'keep it as another tier').addOption(
        new Option('--tier <tier>', 'its tier from now on').makeOptionMandatory(),
      ),
      async () => (await body()).backupPromote,
    ),
  );
  backup.addCommand(
    withBody(
      new Command('cleanup')
        .description('remove what no tier keeps any longer; never the newest proved one of a database')
        .option('--tier <tier>', 'only of this tier')
        .option('--server <name>', 'only of databases of this server')
        .option('--database <name>', 'only of this database')
        .option('--keep <tier=count>', 'how many stay, per database; may be repeated', collected)
        .option('--dry-run', 'print which would go, remove none')
        .option('--watch', 'follow it until it rests'),
      async () => (await body()).backupCleanUp,
    ),
  );
  return [backup];
}

function oneBackup(name: string, description: string): Command {
  return new Command(name).description(description).argument('<id>', 'of the backup');
}
