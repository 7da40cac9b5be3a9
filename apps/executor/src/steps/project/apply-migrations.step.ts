import type { JsonObject } from '#shared/contracts/json.js';
import type { ApplyMigrationsParams } from '#shared/contracts/steps/project-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { applicationGrants } from '../../projects/application-grants.js';
import { titleOf } from '../../projects/project-migration.js';
import { snapshotBy } from '../../projects/tracking/structure-snapshot.js';
import type { DescriptionLine, Step } from '../../running/step.js';
import { placeOf, withDatabase } from '../step-session.js';
import { applyAll } from './apply/apply-all.js';
import { readSettlement, resultOf, unsettled } from './apply/apply-result.js';
import { keepApplied } from './apply/keep-applied.js';

/**
 * Applies versions of a project in order, on every schema: script and tracking row are one transaction, so that after a
 * crash the next attempt goes on with what is not settled, and nothing runs twice.
 */
export const applyMigrations: Step<'apply-migrations'> = {
  kind: 'apply-migrations',

  async probe(context) {
    const { params, run } = context;
    return withDatabase(context, params.database.address, async (session) => {
      const settlement = await readSettlement(session, params);
      const left = unsettled(params, settlement);
      // The snapshot is written last, after the grants.
      const fingerprint = await snapshotBy(session, run);
      if (left === 0 && fingerprint !== undefined)
        return { state: 'done', result: resultOf(params, settlement, fingerprint) };
      const total = params.migrations.length * params.database.schemas.length;
      return left === total
        ? { state: 'not-started' }
        : { state: 'partial', detail: `${String(total - left)} of ${String(total)} migrations are settled` };
    });
  },

  run: applyAll,

  async verify(context) {
    const { params } = context;
    const settlement = await withDatabase(context, params.database.address, (session) =>
      readSettlement(session, params),
    );
    const left = unsettled(params, settlement);
    if (left === 0) return;
    throw new RehomeError(
      'DRIFT_DETECTED',
      `${String(left)} versions that were applied at ${params.database.alias} are not recorded any more; who changed rehome.schema_migrations?`,
    );
  },

  async undo(context): Promise<JsonObject> {
    return asJsonObject(await keepApplied(context));
  },

  describe(params) {
    return [...params.migrations.flatMap((migration) => describeOne(params, migration)), ...describeGrants(params)];
  },
};

function describeGrants({
  database: { address, schemas, owner, application },
}: ApplyMigrationsParams): DescriptionLine[] {
  const [schema] = schemas;
  if (application === undefined || application === owner || schema === undefined) return [];
  const at = `${placeOf(address.server)}/${address.database}`;
  const more = schemas.length === 1 ? '' : ` -- and ${String(schemas.length - 1)} schemas more`;
  return [{ tool: 'sql', at, text: `${applicationGrants(schema, { owner, application }).join('; ')}${more}` }];
}

function describeOne(
  { database, project }: ApplyMigrationsParams,
  migration: ApplyMigrationsParams['migrations'][number],
): DescriptionLine[] {
  const { address, schemas, owner } = database;
  const at = `${placeOf(address.server)}/${address.database}`;
  const on = schemas.length === 1 ? `schema ${schemas[0] ?? ''}` : `${String(schemas.length)} schemas`;
  const file = `migrations/${titleOf(migration)}.up.sql of ${project.name}`;
  if (migration.action !== 'run') {
    const why = migration.action === 'fake' ? 'what it makes stands there' : 'its objects live on another database';
    return [
      { tool: 'sql', at, text: `insert into rehome.schema_migrations … -- ${titleOf(migration)}, ${on}: ${why}` },
    ];
  }
  const body = `set local role ${quoteIdentifier(owner)}; ${file}`;
  const text =
    migration.transactional === false
      ? `${body}, statement by statement -- ${on}`
      : `begin; ${body}; reset role; insert into rehome.schema_migrations …; commit -- ${on}`;
  return [{ tool: 'sql', at, text }];
}
