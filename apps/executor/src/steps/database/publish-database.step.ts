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
    const { params, run, signal, lease } = context;
    await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      const { comment } = readRestoreMark(await requireOurs(session, params.workingName, run.migrationId));
      await lease.check();
      await markDatabase(session, params.workingName, run.migrationId, comment);
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
  const { params, run, signal, lease } = context;
  return withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    const state = await databaseState(session, params.database);
    if (state.migrationId !== run.migrationId) return { renamed: false };
    await lease.check();
    await renameDatabase(session, { from: params.database, to: params.workingName, signal });
    return { renamed: true };
  });
}

function taken({ params }: Context): RehomeError {
  const where = placeOf(params.server);
  return new RehomeError(
    'TARGET_NOT_OURS',
    `a database ${params.database} that Rehome did not make stands at ${where}; move it away and request again`,
  );
}
