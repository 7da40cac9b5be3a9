import { RehomeError } from '#shared/errors/rehome-error.js';
import type { BackupRecord } from '../../backups/backup-record.js';
import { checkedBackup, recordOf, type CheckedBackup } from '../../backups/checked-backup.js';
import type { RecordComparison } from '../../backups/compare-with-record.js';
import { restoreArguments } from '../../postgres/dump-and-restore.js';
import type { Step, StepContext } from '../../running/step.js';
import { placeOf } from '../step-session.js';
import { compareRestored, disagreement } from './prove-restored.js';
import { dropScratch, makeScratch } from './scratch-database.js';

type Context = StepContext<'verify-backup'>;

/** Proves a backup: its files are what was written, and what a restore of them gives is what was there. */
export const verifyBackup: Step<'verify-backup'> = {
  kind: 'verify-backup',

  // Whatever an earlier attempt found, only a whole restore proves anything.
  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { params, tools, run, lease } = context;
    const checked = await checkedBackup(tools.backups, params.backupId);
    const record = await recordOf(checked);
    const { database } = checked.backup;
    await dropScratch(context, database);
    const { mismatches, result } = await provenIn(context, checked, record);
    await dropScratch(context, database);
    await lease.check();
    if (mismatches.length > 0) {
      const failure = await disagreement(context, { checked }, mismatches);
      // Whatever was proved before: nobody may rely on it from now on.
      await tools.backups.markDamaged(params.backupId, failure.message);
      throw failure;
    }
    const { tables, rows, contentDigest, structureDigest } = result;
    const proof = { method: 'scratch-restore', migrationId: run.migrationId, tables, rows } as const;
    await tools.backups.markVerified(params.backupId, { ...proof, contentDigest, structureDigest });
    return { backupId: params.backupId, ...result };
  },

  async verify({ params, tools }, result) {
    const { status } = await tools.backups.get(params.backupId);
    if (status === 'verified' && result.mismatches === 0) return;
    throw new RehomeError(
      'VERIFICATION_FAILED',
      `backup ${params.backupId} is ${status}, not verified; verify it again`,
    );
  },

  async undo(context) {
    const { params, tools } = context;
    // A backup that is gone by now still has its name in the catalogue's row.
    const backup = await tools.backups.findAny(params.backupId);
    if (backup !== undefined) await dropScratch(context, backup.database);
    return { dropped: backup !== undefined };
  },

  describe({ server, backupId, jobs }) {
    const at = placeOf(server);
    const directory = `$WORK_ROOT/backups/${backupId}/dump`;
    const restore = restoreArguments('$SCRATCH', directory, jobs, { listFile: '$LIST' });
    return [
      { tool: 'file', at: directory, text: 'read every file and compare its SHA-256 with the manifest' },
      { tool: 'sql', at, text: 'create database $SCRATCH with template template0 connection limit 0' },
      { tool: 'command', at, text: ['pg_restore', ...restore].join(' ') },
      {
        tool: 'sql',
        at: `${at}/$SCRATCH`,
        text: 'read every row and object and compare them with the record of the backup',
      },
      { tool: 'sql', at, text: 'drop database $SCRATCH with (force)' },
    ];
  },
};

/** However it ends, nothing of the scratch database is left that the undo would have to find. */
async function provenIn(context: Context, checked: CheckedBackup, record: BackupRecord): Promise<RecordComparison> {
  try {
    const name = await makeScratch(context, checked, record);
    await context.tools.faults.reach('step.verify-backup.restored');
    const { server, jobs } = context.params;
    return await compareRestored(context, { checked, record, server, name, role: record.facts.owner, jobs });
  } catch (error) {
    if (!context.signal.aborted) await dropScratch(context, checked.backup.database).catch(() => undefined);
    throw error;
  }
}
