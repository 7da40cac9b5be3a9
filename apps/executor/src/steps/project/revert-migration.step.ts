import { quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { abandonChange } from '../../projects/own-change.js';
import { titleOf } from '../../projects/project-migration.js';
import { snapshotBy } from '../../projects/tracking/structure-snapshot.js';
import type { Step } from '../../running/step.js';
import { placeOf, withDatabase } from '../step-session.js';
import { revertAll } from './revert/revert-all.js';
import { isRolledBack, readReverted, resultOf } from './revert/revert-result.js';

/** Takes one version back: script and tracking row are one transaction on each schema. */
export const revertMigration: Step<'revert-migration'> = {
  kind: 'revert-migration',

  async probe(context) {
    const { params, run } = context;
    return withDatabase(context, params.database.address, async (session) => {
      const rows = await readReverted(session, params);
      const fingerprint = await snapshotBy(session, run);
      const left = rows.filter((row) => !isRolledBack(row)).length;
      if (left === 0 && rows.length > 0 && fingerprint !== undefined)
        return { state: 'done', result: resultOf(params, rows, fingerprint) };
      return left === rows.length
        ? { state: 'not-started' }
        : { state: 'partial', detail: `${String(left)} of ${String(rows.length)} schemas are left` };
    });
  },

  run: revertAll,

  async verify(context) {
    const { params } = context;
    const rows = await withDatabase(context, params.database.address, (session) => readReverted(session, params));
    if (rows.every(isRolledBack)) return;
    throw new RehomeError(
      'DRIFT_DETECTED',
      `${titleOf(params.migration)} stands on ${params.database.alias} again; who applied it meanwhile?`,
    );
  },

  async undo(context) {
    const { params, run, lease } = context;
    const rows = await withDatabase(context, params.database.address, async (session) => {
      await lease.check();
      await abandonChange(session, run);
      return readReverted(session, params);
    });
    // What was taken back stays so: apply it again, or restore the safety backup.
    return { rolledBack: rows.filter(isRolledBack).map(({ schema }) => schema) };
  },

  describe({ database, migration, script, project }) {
    const { address, owner, schemas } = database;
    const file = script ?? `migrations/${titleOf(migration)}.down.sql`;
    const on = schemas.length === 1 ? `schema ${schemas[0] ?? ''}` : `${String(schemas.length)} schemas`;
    const text = `begin; set local role ${quoteIdentifier(owner)}; ${file} of ${project.name}; reset role; update rehome.schema_migrations set status = 'rolled_back' …; commit -- ${on}`;
    return [{ tool: 'sql', at: `${placeOf(address.server)}/${address.database}`, text }];
  },
};
