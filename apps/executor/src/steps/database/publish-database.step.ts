import type { JsonObject } from '#shared/contracts/json.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { databaseState, markDatabase, renameDatabase } from '../../postgres/database-lifecycle.js';
import type { Step, StepContext } from '../../running/step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';
import { readRestoreMark, requireOurs } from './working-database.js';

type Context = StepContext<'publish-database'>;

/** Renames the verified copy to its final name. The mark goes along: what stands there unmarked is not ours. */
export const publishDatabase: Step<'publish-database'> = {
  kind: 'publish-database',

  async probe(context) {
    const { params, run } = context;
    return withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      const final = await databaseState(session, params.database);
      if (!final.exists) {
        await requireOurs(session, params.workingName, run.migrationId);
        return { state: 'not-started' };
      }
      if (final.migrationId === run.migrationId) return { state: 'done', result: { database: params.database } };
      throw taken(context);
    });
  },

  async run(context) {
    const { params, run, tools, signal, lease } = context;
    await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      const comment = await requireOurs(session, params.workingName, run.migrationId);
      await tools.captures.keep(run, () => Promise.resolve({ comment: comment ?? '' }));
      await lease.check();
      // The mark of the restore has served; the mark of the migration stays, so that what stands there is known as ours.
      await markDatabase(session, params.workingName, run.migrationId, readRestoreMark(comment).comment);
      await renameDatabase(session, { from: params.workingName, to: params.database, signal });
    });
    return { database: params.database };
  },

  async verify(context) {
    const { params, run } = context;
    const state = await withAdmin(context, params.server, MAINTENANCE_DATABASE, (session) =>
      databaseState(session, params.database),
    );
    if (state.migrationId !== run.migrationId) throw taken(context);
  },

  undo: takeBack,

  describe({ server, workingName, database }) {
    const text = `alter database ${quoteIdentifier(workingName)} rename to ${quoteIdentifier(database)}`;
    return [{ tool: 'sql', at: placeOf(server), text }];
  },
};

async function takeBack(context: Context): Promise<JsonObject> {
  const { params, run, tools, signal, lease } = context;
  const { database, workingName } = params;
  return withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    const published = (await databaseState(session, database)).migrationId === run.migrationId;
    await lease.check();
    if (published) await renameDatabase(session, { from: database, to: workingName, signal });
    const captured = await tools.captures.find(run);
    const ours = (await databaseState(session, workingName)).migrationId === run.migrationId;
    if (ours && typeof captured?.['comment'] === 'string') {
      await markDatabase(session, workingName, run.migrationId, captured['comment']);
    }
    await tools.captures.forget(run);
    return { renamed: published };
  });
}

function taken({ params }: Context): RehomeError {
  const where = placeOf(params.server);
  return new RehomeError(
    'TARGET_NOT_OURS',
    `a database ${params.database} that Rehome did not make stands at ${where}; move it away and request again`,
  );
}
