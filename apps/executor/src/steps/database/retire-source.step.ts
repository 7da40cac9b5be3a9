import type { RetireSourceResult } from '#shared/contracts/steps/database-steps.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { databaseState, markDatabase, renameDatabase, retiredName } from '../../postgres/database-lifecycle.js';
import { fenceState } from '../../postgres/fencing.js';
import { irreversible, type Step, type StepContext } from '../../running/step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';

type Context = StepContext<'retire-source'>;

/** Puts the source aside after the point of no return: fenced as it is, under another name, never dropped here. */
export const retireSource: Step<'retire-source'> = {
  kind: 'retire-source',

  async probe(context) {
    const { source } = context.params;
    const name = asideName(context);
    return withAdmin(context, source.server, MAINTENANCE_DATABASE, async (session) => {
      const [old, aside] = [await databaseState(session, source.database), await databaseState(session, name)];
      // A new database of the old name is somebody's own business once ours is aside.
      if (aside.exists) return { state: 'done', result: await resultOf(context, name) };
      if (old.exists) return { state: 'not-started' };
      return { state: 'unknown', detail: `neither ${source.database} nor ${name} stands at ${placeOf(source.server)}` };
    });
  },

  async run(context) {
    const { params, run, tools, signal, lease } = context;
    const { server, database } = params.source;
    const name = asideName(context);
    await withAdmin(context, server, database, (session) => requireFenced(context, session, database));
    await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
      const { migrationId } = await databaseState(session, database);
      await tools.captures.keep(run, () => Promise.resolve({ markedBefore: migrationId ?? null }));
      await lease.check();
      // First the mark: what has the name also has the mark, and only that is ever dropped.
      await markDatabase(session, database, run.migrationId);
      await renameDatabase(session, { from: database, to: name, signal });
    });
    return resultOf(context, name);
  },

  async verify(context, result) {
    await withAdmin(context, context.params.source.server, result.retiredName, (session) =>
      requireFenced(context, session, result.retiredName),
    );
  },

  undo: irreversible('it follows the point of no return; going back is a new migration of kind "return"'),

  describe({ source }) {
    const text = `alter database ${quoteIdentifier(source.database)} rename to ${quoteIdentifier(retiredName(source.database, '<8 hex>'))}`;
    return [{ tool: 'sql', at: placeOf(source.server), text }];
  },
};

/** Of the migration: every attempt and generation means the same name. */
function asideName({ params, run }: Context): string {
  return retiredName(params.source.database, run.migrationId.replaceAll('-', '').slice(0, 8));
}

async function resultOf(context: Context, name: string): Promise<RetireSourceResult> {
  const marked = (await context.tools.captures.find(context.run))?.['markedBefore'];
  return {
    retiredName: name,
    ...(typeof marked === 'string' ? { markedBefore: marked } : {}),
    evidence: await evidence(context, name),
  };
}

async function requireFenced(context: Context, session: Parameters<typeof fenceState>[0], name: string): Promise<void> {
  const state = await fenceState(session, context.params.captured);
  if (state === 'fenced') return;
  throw new RehomeError(
    'FENCE_NOT_PROVEN',
    `${name} is ${state} instead of fenced; fence it by hand before it is put aside`,
  );
}

async function evidence(context: Context, name: string) {
  return withAdmin(context, context.params.source.server, name, async (session) => {
    const { rows } = await session.query<{ bytes: string }>(
      `select pg_database_size(current_database())::text as bytes`,
    );
    return { fence: await fenceState(session, context.params.captured), bytes: rows[0]?.bytes ?? '0' };
  });
}
