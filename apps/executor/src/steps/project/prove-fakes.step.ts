import type { JsonObject } from '#shared/contracts/json.js';
import type { ProveFakesResult } from '#shared/contracts/steps/project-steps.js';
import { fingerprint } from '../../postgres/catalogue/fingerprint.js';
import type { Structure } from '../../postgres/catalogue/structure.js';
import type { Session } from '../../postgres/session.js';
import { readMigratedStructure } from '../../projects/migrated-structure.js';
import { projectMigration, titleOf } from '../../projects/project-migration.js';
import { readTracking } from '../../projects/tracking/tracking-rows.js';
import type { Step, StepContext } from '../../running/step.js';
import { placeOf, withAdmin, withDatabase } from '../step-session.js';
import { buildingMigrations, buildOn, type MigrationsBySchema } from './scratch/build-on-scratch.js';
import { differencesOf, madeBy, requireEqual } from './scratch/compare-made.js';
import { dropScratches, makeScratch } from './scratch/scratch-database.js';

type Context = StepContext<'prove-fakes'>;

/** Proves that what migrations would make stands there already: they make it on a scratch database, and both are compared. */
export const proveFakes: Step<'prove-fakes'> = {
  kind: 'prove-fakes',

  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { params, tools } = context;
    await dropScratches(context);
    const project = await tools.projects.load(params.project);
    const rows = await withDatabase(context, params.database.address, (session) =>
      readTracking(session, params.project.name),
    );
    const { alias } = params.database;
    const here = params.migrations.filter((migration) => projectMigration(project, migration).home === alias);
    const faked = params.migrations.map(titleOf);
    // What lives elsewhere is proven by nothing being made here.
    if (here.length === 0) return { faked, objects: 0, structureDigest: fingerprint({ major: 0, objects: new Map() }) };
    // What stands in one schema need not stand in another.
    const bySchema = new Map(
      params.database.schemas.map((schema) => [
        schema,
        buildingMigrations(project, alias, { faked: here, rows: rows.filter((row) => row.schema === schema) }),
      ]),
    );
    const made = await build(context, bySchema);
    const live = await withDatabase(context, params.database.address, readMigratedStructure);
    requireEqual(differencesOf(made, live), here.map(titleOf));
    return resultOf(faked, made);
  },

  verify: () => Promise.resolve(),

  async undo(context): Promise<JsonObject> {
    await dropScratches(context);
    return {};
  },

  describe({ database, migrations }) {
    const at = placeOf(database.address.server);
    const name = `${database.address.database}__f<8 hex>_<fence>`;
    return [
      { tool: 'sql', at, text: `create database "${name}" with owner "${database.owner}" connection limit 0` },
      { tool: 'sql', at: `${at}/${name}`, text: `run ${migrations.map(titleOf).join(', ')} and what they build on` },
      { tool: 'sql', at, text: 'read both structures and compare every object of the scratch database' },
      { tool: 'sql', at, text: `drop database "${name}" with (force)` },
    ];
  },
};

/** What the scripts make where nothing was before. The scratch database goes, whatever happens. */
async function build(context: Context, bySchema: MigrationsBySchema): Promise<Structure> {
  const { server } = context.params.database.address;
  try {
    const name = await makeScratch(
      context,
      [...bySchema.values()].flat().flatMap(({ up }) => up.statements),
    );
    await context.tools.faults.reach('step.prove-fakes.created');
    return await withAdmin(context, server, name, async (session: Session) => {
      const before = await readMigratedStructure(session);
      await buildOn(session, context, bySchema);
      await context.tools.faults.reach('step.prove-fakes.built');
      return madeBy(before, await withAdmin(context, server, name, readMigratedStructure));
    });
  } finally {
    // A cancelled attempt has no sessions any more: its undo drops it.
    if (!context.signal.aborted) await dropScratches(context);
  }
}

function resultOf(faked: readonly string[], made: Structure): ProveFakesResult {
  return { faked, objects: made.objects.size, structureDigest: fingerprint(made) };
}
