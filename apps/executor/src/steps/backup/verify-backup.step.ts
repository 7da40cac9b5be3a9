import type { JsonObject } from '#shared/contracts/json.js';
import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { BackupRecord } from '../../backups/backup-record.js';
import { checkedBackup, recordOf, type CheckedBackup } from '../../backups/checked-backup.js';
import { compareWithRecord, type RecordComparison } from '../../backups/compare-with-record.js';
import { readStructure } from '../../postgres/catalogue/read-structure.js';
import { restoreArguments } from '../../postgres/dump-and-restore.js';
import { readContent } from '../../postgres/hashing.js';
import { sessionName } from '../../postgres/session-name.js';
import type { Step, StepContext } from '../../running/step.js';
import { adminAddress, placeOf, withAdmin } from '../step-session.js';
import { recordRoleMap } from './apply-record.js';
import { quotedNames } from './quoted-names.js';
import { dropScratch, makeScratch } from './scratch-database.js';

type Context = StepContext<'verify-backup'>;

/** So many are told in the failure; the whole list is evidence. */
const TOLD = 50;

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
    if (mismatches.length > 0) throw await disagreement(context, checked, mismatches);
    await lease.check();
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
    return await compareScratch(context, name, { checked, record });
  } catch (error) {
    if (!context.signal.aborted) await dropScratch(context, checked.backup.database).catch(() => undefined);
    throw error;
  }
}

async function compareScratch(
  context: Context,
  name: string,
  { checked, record }: { readonly checked: CheckedBackup; readonly record: BackupRecord },
): Promise<RecordComparison> {
  const { params, run, signal } = context;
  const { schemas } = checked.backup;
  const address = await adminAddress(context, params.server, name);
  const content = await readContent(address, {
    applicationName: sessionName(run),
    signal,
    jobs: params.jobs,
    onProgress: ({ done, total }) => {
      context.progress({ done, total, unit: 'tables read' });
    },
  });
  return withAdmin(context, params.server, name, async (session) => {
    const role = record.facts.owner;
    const structure = await readStructure(session, { mapRole: (same) => same, owner: role });
    const mapRole = await recordRoleMap(session, record, { database: name, role });
    const scope = schemas === undefined ? { mapRole } : { mapRole, schemas: await quotedNames(session, schemas) };
    return compareWithRecord(record, { structure, content }, scope);
  });
}

/** The source has moved on, so rows cannot be named; tables and objects can. */
async function disagreement(
  { tools }: Context,
  { backup }: CheckedBackup,
  mismatches: readonly Mismatch[],
): Promise<RehomeError> {
  const evidence = await tools.evidence.put(Buffer.from(JSON.stringify(mismatches), 'utf8'));
  const first = mismatches
    .slice(0, 3)
    .map(({ object, aspect, source, target }) => `${object}: ${aspect} ${source} in the record, ${target} restored`);
  const more = mismatches.length > first.length ? `; and ${String(mismatches.length - first.length)} more` : '';
  const facts: JsonObject = {
    mismatches: mismatches.slice(0, TOLD).map((mismatch) => ({ ...mismatch })),
    total: mismatches.length,
    evidence,
  };
  return new RehomeError(
    'VERIFICATION_FAILED',
    `backup ${backup.backupId} of ${backup.database} does not give back what was there: ${first.join('; ')}${more}; make a new backup`,
    { facts },
  );
}
