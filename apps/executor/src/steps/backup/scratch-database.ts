import { fitIdentifier } from '#shared/database/identifier.js';
import type { BackupRecord } from '../../backups/backup-record.js';
import type { CheckedBackup } from '../../backups/checked-backup.js';
import { runDigits } from '../../postgres/session-name.js';
import type { StepContext } from '../../running/step.js';
import { createRestored, dropRestored, fillRestored } from './restored-database.js';

type Context = StepContext<'verify-backup'>;

/** `odoo_acme__v1a2b3c4d_1`: the fence keeps an older attempt's late `create database` away from ours. */
function scratchName(database: string, digits: string, fence: number): string {
  return fitIdentifier(database, `__v${digits}_${String(fence)}`);
}

/** Restores the backup as a database of its own, closed to everybody but the administrator. @returns its name. */
export async function makeScratch(context: Context, checked: CheckedBackup, record: BackupRecord): Promise<string> {
  const { params, run } = context;
  const { server, jobs } = params;
  const name = scratchName(checked.backup.database, runDigits(run), run.fence);
  const made = { checked, record, server, name, role: record.facts.owner, jobs };
  await createRestored(context, made);
  await context.tools.faults.reach('step.verify-backup.created');
  await fillRestored(context, made);
  return name;
}

/** Drops every scratch database of this step, whichever attempt made it, and the roles made for it. May be repeated. */
export async function dropScratch(context: Context, database: string): Promise<void> {
  const { params, run } = context;
  const generations = Array.from({ length: run.generation }, (_, index) => index + 1);
  const marks = generations.map((generation) => runDigits({ ...run, direction: 'run', generation }));
  await dropRestored(context, params.server, (name) =>
    marks.some((digits) => {
      const mark = `__v${digits}_`;
      const fence = Number(name.slice(name.lastIndexOf(mark) + mark.length));
      return name.includes(mark) && name === scratchName(database, digits, fence);
    }),
  );
}
