import type { JsonObject } from '#shared/contracts/json.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import {
  databaseState,
  markDatabase,
  renameDatabase,
  unmarkDatabase,
  type DatabaseState,
} from '../../postgres/database-lifecycle.js';
import { fenceDatabase, fenceState, liftFence } from '../../postgres/fencing.js';
import type { Session } from '../../postgres/session.js';
import type { Step, StepContext } from '../../running/step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';

type Context = StepContext<'reinstate-source'>;

/** Brings back what a move put aside: the old name first, and only then its doors are opened. */
export const reinstateSource: Step<'reinstate-source'> = {
  kind: 'reinstate-source',

  async probe(context) {
    const { source, retiredName } = context.params;
    const { old, aside } = await states(context);
    if (aside.exists && old.exists) throw taken(context);
    if (aside.exists) return { state: 'not-started' };
    if (!old.exists) return { state: 'unknown', detail: `neither ${source.database} nor ${retiredName} is there` };
    // Kept before the rename: without it what stands there is somebody else's.
    const renamed = (await context.tools.captures.find(context.run)) !== undefined;
    if (!renamed)
      return { state: 'unknown', detail: `${retiredName} is gone, and a ${source.database} not ours is there` };
    const state = await withAdmin(context, source.server, source.database, (session) =>
      fenceState(session, context.params.captured),
    );
    // The mark goes last: what is open and still marked is ours, one attempt from done.
    if (state === 'open' && !isMarked(context, old)) return { state: 'done', result: { database: source.database } };
    return { state: 'partial', detail: `${source.database} is ${state}` };
  },

  async run(context) {
    const { params, run, tools, signal, lease } = context;
    const { source, retiredName, captured } = params;
    const { server, database } = source;
    const { old, aside } = await states(context);
    if (aside.exists && old.exists) throw taken(context);
    if (aside.exists) {
      requireMark(context, aside);
      await withAdmin(context, server, retiredName, (session) => requireFenced(context, session));
      await tools.captures.keep(run, () => Promise.resolve({ comment: aside.comment ?? '' }));
      await lease.check();
      await withAdmin(context, server, MAINTENANCE_DATABASE, (session) =>
        renameDatabase(session, { from: retiredName, to: database, signal }),
      );
    }
    await tools.faults.reach('step.reinstate-source.renamed');
    await lease.check();
    await withAdmin(context, server, database, (session) => liftFence(session, captured));
    await lease.check();
    await withAdmin(context, server, MAINTENANCE_DATABASE, (session) => giveMarkBack(context, session));
    return { database };
  },

  async verify(context) {
    const { source, captured } = context.params;
    const state = await withAdmin(context, source.server, source.database, (session) => fenceState(session, captured));
    if (state !== 'open')
      throw new RehomeError(
        'FENCE_NOT_PROVEN',
        `${source.database} is ${state} and not open again; look at its grants`,
      );
  },

  undo: putAside,

  describe({ source, retiredName, captured }) {
    const at = placeOf(source.server);
    const database = quoteIdentifier(source.database);
    return [
      `alter database ${quoteIdentifier(retiredName)} rename to ${database}`,
      `alter database ${database} owner to ${quoteIdentifier(captured.owner)}`,
      `alter database ${database} connection limit ${String(captured.connectionLimit)}`,
    ].map((text) => ({ tool: 'sql', at, text }));
  },
};

interface States {
  readonly old: DatabaseState;
  readonly aside: DatabaseState;
}

async function states(context: Context): Promise<States> {
  const { source, retiredName } = context.params;
  return withAdmin(context, source.server, MAINTENANCE_DATABASE, async (session) => ({
    old: await databaseState(session, source.database),
    aside: await databaseState(session, retiredName),
  }));
}

/** As it was left: fenced, under the name of its retirement and marked by it. */
async function putAside(context: Context): Promise<JsonObject> {
  const { params, tools, run, signal, lease } = context;
  const { source, retiredName, captured, retiredBy } = params;
  const { server, database } = source;
  const { old, aside } = await states(context);
  const kept = await tools.captures.find(run);
  // Without a capture no attempt came as far as the rename.
  if (aside.exists || !old.exists || kept === undefined) return { putAside: false };
  await lease.check();
  await withAdmin(context, server, database, (session) => fenceDatabase(session, captured, { signal }));
  await lease.check();
  await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
    await markDatabase(session, database, retiredBy);
    await renameDatabase(session, { from: database, to: retiredName, signal });
  });
  await tools.captures.forget(run);
  return { putAside: true };
}

async function giveMarkBack({ params }: Context, session: Session): Promise<void> {
  const { source, markedBefore } = params;
  if (markedBefore === undefined) await unmarkDatabase(session, source.database);
  else await markDatabase(session, source.database, markedBefore);
}

function isMarked({ params }: Context, { migrationId }: DatabaseState): boolean {
  return migrationId === params.retiredBy;
}

function requireMark(context: Context, aside: DatabaseState): void {
  const { retiredName, retiredBy } = context.params;
  // What was retired before retirements were marked carries none: its name holds eight digits of the migration.
  if (aside.migrationId === undefined || isMarked(context, aside)) return;
  throw new RehomeError(
    'TARGET_NOT_OURS',
    `${retiredName} belongs to migration ${aside.migrationId}, not to ${retiredBy}; it is left alone`,
  );
}

async function requireFenced({ params }: Context, session: Session): Promise<void> {
  const state = await fenceState(session, params.captured);
  if (state === 'fenced') return;
  throw new RehomeError(
    'FENCE_NOT_PROVEN',
    `${params.retiredName} is ${state} instead of fenced; somebody may have written to it: compare it by hand`,
  );
}

function taken({ params }: Context): RehomeError {
  const { database, server } = params.source;
  return new RehomeError(
    'TARGET_NOT_OURS',
    `a database ${database} stands at ${placeOf(server)} again; move it away and request again`,
  );
}
