import type { JsonObject } from '#shared/contracts/json.js';
import type { SwapDatabaseResult } from '#shared/contracts/steps/project-steps.js';
import { fitIdentifier, quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import {
  databaseState,
  markDatabase,
  renameDatabase,
  unmarkDatabase,
  type DatabaseState,
} from '../../postgres/database-lifecycle.js';
import { inTransaction, type Session } from '../../postgres/session.js';
import { projectMigration } from '../../projects/project-migration.js';
import { recordStatus } from '../../projects/tracking/tracking-rows.js';
import { ensureTracking } from '../../projects/tracking/tracking-tables.js';
import type { Step, StepContext } from '../../running/step.js';
import { readRestoreMark, requireOurs } from '../database/working-database.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';

type Context = StepContext<'swap-database'>;

/**
 * Puts a restored database in the place of the live one: the books are written first, the live one is put aside under a
 * name that says of which migration, and then the restored one gets its name. Nothing is dropped.
 */
export const swapDatabase: Step<'swap-database'> = {
  kind: 'swap-database',

  async probe(context) {
    const { live, aside, working } = await states(context);
    if (aside.exists && isOurs(context, live)) return { state: 'done', result: { keptAs: asideName(context) } };
    if (aside.exists && !live.exists && working.exists)
      return { state: 'partial', detail: 'the live database is put aside, the restored one has not its name yet' };
    if (!aside.exists && live.exists && working.exists) return { state: 'not-started' };
    const { database } = context.params.address;
    const there = live.exists ? 'stands and is not ours' : 'is missing';
    return { state: 'unknown', detail: `${database} ${there}; look at it and at ${asideName(context)} by hand` };
  },

  async run(context) {
    const { params, run, tools, signal, lease } = context;
    const { server, database } = params.address;
    const keptAs = asideName(context);
    await recordRevert(context);
    await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
      const comment = await requireOurs(session, params.workingName, run.migrationId);
      const live = await databaseState(session, database);
      await tools.captures.keep(run, () =>
        Promise.resolve({ restored: comment ?? '', markedBefore: live.migrationId ?? null }),
      );
      if (!(await databaseState(session, keptAs)).exists) {
        await lease.check();
        // First the mark: what has the name also has the mark.
        await markDatabase(session, database, run.migrationId);
        await renameDatabase(session, { from: database, to: keptAs, signal });
      }
      await tools.faults.reach('step.swap-database.aside');
      await lease.check();
      await markDatabase(session, params.workingName, run.migrationId, readRestoreMark(comment).comment);
      await renameDatabase(session, { from: params.workingName, to: database, signal });
    });
    return { keptAs };
  },

  async verify(context, { keptAs }: SwapDatabaseResult) {
    const { live, aside } = await states(context);
    if (aside.exists && isOurs(context, live)) return;
    const { database, server } = context.params.address;
    throw new RehomeError(
      'VERIFICATION_FAILED',
      `after the swap ${database} and ${keptAs} do not both stand at ${placeOf(server)}; look at them by hand`,
    );
  },

  undo: swapBack,

  describe({ address, workingName, migration }) {
    const at = placeOf(address.server);
    const database = quoteIdentifier(address.database);
    const aside = quoteIdentifier(fitIdentifier(address.database, '__before_<8 hex>'));
    return [
      {
        tool: 'sql',
        at: `${at}/${workingName}`,
        text: `update rehome.schema_migrations set status = 'rolled_back' where app = '${migration.app}' and version = '${migration.version}'`,
      },
      { tool: 'sql', at, text: `alter database ${database} rename to ${aside}` },
      { tool: 'sql', at, text: `alter database ${quoteIdentifier(workingName)} rename to ${database}` },
    ];
  },
};

/** What was live is live again, and the restored one has its working name, which the undo of the restore drops. */
async function swapBack(context: Context): Promise<JsonObject> {
  const { params, run, tools, signal, lease } = context;
  const { server, database } = params.address;
  const { live, aside } = await states(context);
  const captured = await tools.captures.find(run);
  // Without a capture no attempt came as far as a rename.
  if (captured === undefined) return { swappedBack: false };
  await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
    if (aside.exists && isOurs(context, live)) {
      await lease.check();
      await renameDatabase(session, { from: database, to: params.workingName, signal });
    }
    await lease.check();
    if (aside.exists) await renameDatabase(session, { from: asideName(context), to: database, signal });
    await giveMarkBack(session, database, captured['markedBefore']);
    const working = await databaseState(session, params.workingName);
    if (isOurs(context, working) && typeof captured['restored'] === 'string')
      await markDatabase(session, params.workingName, run.migrationId, captured['restored']);
  });
  await tools.captures.forget(run);
  return { swappedBack: aside.exists };
}

async function giveMarkBack(session: Session, database: string, markedBefore: unknown): Promise<void> {
  if (typeof markedBefore === 'string') await markDatabase(session, database, markedBefore);
  else await unmarkDatabase(session, database);
}

/** The backup is older than the version, or knows it as applied: either way it is taken back from now on. */
async function recordRevert(context: Context): Promise<void> {
  const { params, run, tools, lease } = context;
  const { live, aside } = await states(context);
  const { checksum } = projectMigration(await tools.projects.load(params.project), params.migration);
  // Interrupted between the renames the restored one is still under its working name.
  const name = aside.exists && isOurs(context, live) ? params.address.database : params.workingName;
  await lease.check();
  await withAdmin(context, params.address.server, name, async (session) => {
    await ensureTracking(session);
    await inTransaction(session, async () => {
      for (const schema of params.schemas) {
        const tracked = { ...params.migration, project: params.project.name, schema, checksum };
        if (await isRecorded(session, tracked, run.migrationId)) continue;
        await recordStatus(
          session,
          { ...tracked, by: params.revertedBy, migrationId: run.migrationId },
          { status: 'rolled_back', executionTimeMs: 0 },
        );
      }
    });
  });
}

async function isRecorded(
  session: Session,
  tracked: { readonly project: string; readonly schema: string; readonly app: string; readonly version: string },
  migrationId: string,
): Promise<boolean> {
  const { rowCount } = await session.query(
    `select from rehome.schema_migrations
      where project = $1 and schema = $2 and app = $3 and version = $4
        and migration_id = $5 and status = 'rolled_back'`,
    [tracked.project, tracked.schema, tracked.app, tracked.version, migrationId],
  );
  return rowCount === 1;
}

interface States {
  readonly live: DatabaseState;
  readonly aside: DatabaseState;
  readonly working: DatabaseState;
}

async function states(context: Context): Promise<States> {
  const { address, workingName } = context.params;
  return withAdmin(context, address.server, MAINTENANCE_DATABASE, async (session) => ({
    live: await databaseState(session, address.database),
    aside: await databaseState(session, asideName(context)),
    working: await databaseState(session, workingName),
  }));
}

/** The live one carries our mark only between its marking and its rename, when nothing stands aside yet. */
function isOurs({ run }: Context, { exists, migrationId }: DatabaseState): boolean {
  return exists && migrationId === run.migrationId;
}

/** Of the migration: every attempt and generation means the same name. */
function asideName({ params, run }: Context): string {
  return fitIdentifier(params.address.database, `__before_${run.migrationId.replaceAll('-', '').slice(0, 8)}`);
}
