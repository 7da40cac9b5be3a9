import type { JsonObject } from '#shared/contracts/json.js';
import { fitIdentifier, quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { databaseState, markDatabase, renameDatabase, unmarkDatabase } from '../../postgres/database-lifecycle.js';
import type { Session } from '../../postgres/session.js';
import { titleOf } from '../../projects/project-migration.js';
import type { Step, StepContext } from '../../running/step.js';
import { readRestoreMark, requireOurs } from '../database/working-database.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';
import { isMarkedRolledBack, markRolledBack } from './revert/mark-rolled-back.js';

type Context = StepContext<'swap-database'>;

/** Puts a restored database in the place of the live one, which is kept aside: locked, whole and marked. */
export const swapDatabase: Step<'swap-database'> = {
  kind: 'swap-database',

  async probe(context) {
    const keptAs = keptName(context);
    const { live, kept, restored } = await states(context);
    if (!kept.exists) return { state: 'not-started' };
    if (live.exists && live.migrationId === context.run.migrationId && !restored.exists)
      return { state: 'done', result: { keptAs } };
    return live.exists
      ? {
          state: 'unknown',
          detail: `${keptAs} is aside, and ${context.params.address.database} is not the restored one`,
        }
      : { state: 'partial', detail: `${keptAs} is aside, nothing stands in its place` };
  },

  async run(context) {
    const { params, run, tools, signal, lease } = context;
    const { server, database } = params.address;
    const keptAs = keptName(context);
    const { live, kept } = await states(context);
    const comment = await withAdmin(context, server, MAINTENANCE_DATABASE, (session) =>
      requireOurs(session, params.workingName, run.migrationId),
    );
    // Before the swap: what stands under the live name never lacks it.
    await withAdmin(context, server, params.workingName, (session) => markRolledBack(context, session));
    await tools.faults.reach('step.swap-database.marked');
    await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
      if (!kept.exists && live.exists) {
        await lockOut(context, session, comment ?? '');
        await tools.faults.reach('step.swap-database.locked');
        await lease.check();
        await renameDatabase(session, { from: database, to: keptAs, signal });
      }
      await tools.faults.reach('step.swap-database.aside');
      await lease.check();
      await markDatabase(session, params.workingName, run.migrationId, readRestoreMark(comment).comment);
      await renameDatabase(session, { from: params.workingName, to: database, signal });
      await tools.faults.reach('step.swap-database.swapped');
    });
    const { project, migration, revertedBy: by } = params;
    const told = { ...migration, project: project.name, server: server.name, database, by };
    for (const schema of params.schemas)
      await tools.migrationLog.write({ ...told, schema, status: 'rolled_back', executionTimeMs: 0 });
    return { keptAs };
  },

  async verify(context) {
    const { server, database } = context.params.address;
    const holds = await withAdmin(context, server, database, (session) => isMarkedRolledBack(context, session));
    if (holds) return;
    throw new RehomeError(
      'DRIFT_DETECTED',
      `${titleOf(context.params.migration)} is not marked as rolled back in ${database}; is it the restored database?`,
    );
  },

  undo: swapBack,

  describe({ address, workingName, migration }) {
    const at = placeOf(address.server);
    const live = quoteIdentifier(address.database);
    const kept = quoteIdentifier(fitIdentifier(address.database, '__before_<8 hex>'));
    return [
      { tool: 'sql', at: `${at}/${workingName}`, text: `mark ${titleOf(migration)} as rolled_back` },
      { tool: 'sql', at, text: `alter database ${live} connection limit 0; end its sessions` },
      { tool: 'sql', at, text: `alter database ${live} rename to ${kept}` },
      { tool: 'sql', at, text: `alter database ${quoteIdentifier(workingName)} rename to ${live}` },
    ];
  },
};

/** Of the migration: every attempt and generation means the same name. */
function keptName({ params, run }: Context): string {
  return fitIdentifier(params.address.database, `__before_${run.migrationId.replaceAll('-', '').slice(0, 8)}`);
}

async function states(context: Context) {
  const { address, workingName } = context.params;
  return withAdmin(context, address.server, MAINTENANCE_DATABASE, async (session) => ({
    live: await databaseState(session, address.database),
    kept: await databaseState(session, keptName(context)),
    restored: await databaseState(session, workingName),
  }));
}

/** Nobody new gets in but superusers, whom the rename ends like everybody else. */
async function lockOut(context: Context, session: Session, restored: string): Promise<void> {
  const { params, run, tools, lease } = context;
  const { database } = params.address;
  await tools.captures.keep(run, async () => {
    const { rows } = await session.query<{ limit: number }>(
      `select datconnlimit as limit from pg_database where datname = $1`,
      [database],
    );
    const { migrationId } = await databaseState(session, database);
    return { connectionLimit: rows[0]?.limit ?? -1, markedBefore: migrationId ?? null, restored };
  });
  await lease.check();
  await markDatabase(session, database, run.migrationId);
  await session.query(`alter database ${quoteIdentifier(database)} connection limit 0`);
}

/** The kept one comes back to its name, open as it was; the restored one takes its working name again. */
async function swapBack(context: Context): Promise<JsonObject> {
  const { params, run, tools, signal, lease } = context;
  const { server, database } = params.address;
  const captured = await tools.captures.find(run);
  const keptAs = keptName(context);
  const swappedBack = await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
    const kept = await databaseState(session, keptAs);
    await lease.check();
    if (kept.migrationId === run.migrationId) {
      const live = await databaseState(session, database);
      if (live.migrationId === run.migrationId)
        await renameDatabase(session, { from: database, to: params.workingName, signal });
      await renameDatabase(session, { from: keptAs, to: database, signal });
    }
    if (captured !== undefined) {
      await reopen(session, database, captured);
      await giveRestoreMarkBack(context, session, captured);
    }
    return kept.exists;
  });
  await tools.captures.forget(run);
  return { swappedBack };
}

async function reopen(session: Session, database: string, captured: JsonObject): Promise<void> {
  const { connectionLimit, markedBefore } = captured;
  await session.query(
    `alter database ${quoteIdentifier(database)} connection limit ${String(Number(connectionLimit))}`,
  );
  if (typeof markedBefore === 'string') await markDatabase(session, database, markedBefore);
  else await unmarkDatabase(session, database);
}

/** The undo of the restore finds its database as the restore left it. */
async function giveRestoreMarkBack(
  { params, run }: Context,
  session: Session,
  { restored }: JsonObject,
): Promise<void> {
  const working = await databaseState(session, params.workingName);
  if (working.migrationId === run.migrationId && typeof restored === 'string')
    await markDatabase(session, params.workingName, run.migrationId, restored);
}
