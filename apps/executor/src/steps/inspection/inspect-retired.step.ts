import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { InspectRetiredResult } from '#shared/contracts/steps/inspection-steps.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import type { Backup } from '../../backups/backup-catalogue.js';
import { checkedBackup } from '../../backups/checked-backup.js';
import { databaseState } from '../../postgres/database-lifecycle.js';
import { judge, type Objection } from '../../postgres/inspection/check.js';
import type { Step, StepContext } from '../../running/step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';

type Context = StepContext<'inspect-retired'>;

/** Judges whether a retired database may be dropped: it must be ours, and a verified backup of it must stand. */
export const inspectRetired: Step<'inspect-retired'> = {
  kind: 'inspect-retired',
  readsOnly: true,

  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const database = await inspectDatabase(context);
    return { ...database, checks: [...database.checks, await checkBackup(context)] };
  },

  verify: () => Promise.resolve(),

  undo: () => Promise.resolve({}),

  describe({ retired, backupId }) {
    const text = `read the mark of ${retired.database}, and whether backup ${backupId} is verified and whole`;
    return [{ tool: 'sql', at: placeOf(retired.server), text }];
  },
};

async function inspectDatabase(context: Context): Promise<InspectRetiredResult> {
  const { retired, migrationId } = context.params;
  const { server, database } = retired;
  try {
    return await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
      const state = await databaseState(session, database);
      const { rows } = await session.query<{ bytes: string }>(
        `select pg_database_size(datname)::text as bytes from pg_database where datname = $1`,
        [database],
      );
      const bytes = rows[0]?.bytes;
      return { checks: [judgeMark(state)], ...(bytes === undefined ? {} : { bytes }) };
    });
  } catch (error) {
    context.signal.throwIfAborted();
    const remedy = `see that ${placeOf(server)} runs and that the executor may reach it`;
    return { checks: [judge('retired-database', 'error', '', { found: toRehomeError(error).message, remedy })] };
  }

  function judgeMark(state: Awaited<ReturnType<typeof databaseState>>): PreflightCheck {
    const fine = `${database} carries the mark of migration ${migrationId}`;
    return judge('retired-database', 'error', fine, objection());

    function objection(): Objection | undefined {
      if (!state.exists)
        return {
          found: `there is no database ${database} at ${placeOf(server)}`,
          remedy: 'there is nothing to retire',
        };
      if (state.migrationId === migrationId) return undefined;
      const found = `${database} does not carry the mark of migration ${migrationId}`;
      return { found, remedy: 'it is not ours to drop: see whose it is, and drop it by hand' };
    }
  }
}

/** Also hashes the files: better a refusal than a step that fails. */
async function checkBackup(context: Context): Promise<PreflightCheck> {
  const { backupId, backupOf } = context.params;
  const fine = `backup ${backupId} is verified and whole`;
  const remedy = 'request a backup of the database and let it be verified, and name its id';
  try {
    const backup = await context.tools.backups.get(backupId);
    const found = whyNotEnough(backup, backupOf);
    if (found !== undefined) return judge('verified-backup', 'error', fine, { found, remedy });
    await checkedBackup(context.tools.backups, backupId);
    return judge('verified-backup', 'error', fine, undefined);
  } catch (error) {
    context.signal.throwIfAborted();
    const failure = toRehomeError(error);
    if (failure.disposition === 'retry') throw failure;
    return judge('verified-backup', 'error', fine, { found: failure.message, remedy });
  }
}

function whyNotEnough(backup: Backup, backupOf: Context['params']['backupOf']): string | undefined {
  const { backupId, status, server, database, schemas } = backup;
  const named = backupOf.filter((place) => place.server === server && place.database === database);
  if (named.length === 0) return `backup ${backupId} is of ${database} on ${server}, not of what is to be dropped`;
  if (!named.some(({ migrationId }) => migrationId === undefined || migrationId === backup.migrationId))
    return `backup ${backupId} was not made by the move, so it may lack what was written before it`;
  if (schemas !== undefined) return `backup ${backupId} holds only the schemas ${schemas.join(', ')}`;
  return status === 'verified' ? undefined : `backup ${backupId} is ${status}, not verified`;
}
