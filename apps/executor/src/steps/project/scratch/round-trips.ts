import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import type { MigrationFile, SqlScript } from '#shared/projects/migration-file.js';
import { readMigratedStructure } from '../../../projects/migrated-structure.js';
import { ScriptError } from '../../../projects/running/script-error.js';
import type { Structure } from '../../../postgres/catalogue/structure.js';
import type { Session } from '../../../postgres/session.js';
import type { StepContext } from '../../../running/step.js';
import { withAdmin } from '../../step-session.js';
import { runOnScratch } from './build-on-scratch.js';
import { differencesBetween } from './compare-made.js';
import { dropScratches, makeScratch } from './scratch-database.js';

type Context = StepContext<'prove-reverts'>;

/** What came of one version. */
export interface RoundTrip {
  readonly file: MigrationFile;
  readonly hasDown: boolean;
  /** Empty when it led back to where it began, and again to where it had led. */
  readonly differences: readonly string[];
}

/** Takes every version that lives here through up, down and up on a scratch database, in the project's order. */
export async function roundTrips(context: Context): Promise<RoundTrip[]> {
  const { params, tools } = context;
  const project = await tools.projects.load(params.project);
  const files = project.migrations.filter(({ home }) => home === params.database.alias);
  const statements = files.flatMap(({ up }) => up.statements);
  try {
    const name = await makeScratch(context, statements);
    await tools.faults.reach('step.prove-reverts.created');
    return await withAdmin(context, params.database.address.server, name, async (session) => {
      const trips: RoundTrip[] = [];
      for (const file of files) {
        const trip = await roundTrip(session, context, file);
        trips.push(trip);
        context.progress({ done: trips.length, total: files.length, unit: 'migrations' });
        await tools.faults.reach('step.prove-reverts.tried');
        // Where an up script fails there is nothing that the next one could stand on.
        if (trip.differences.some((difference) => difference.startsWith(UP_FAILS))) break;
      }
      return trips;
    });
  } finally {
    if (!context.signal.aborted) await dropScratches(context);
  }
}

const UP_FAILS = 'its up script fails';

async function roundTrip(session: Session, context: Context, file: MigrationFile): Promise<RoundTrip> {
  const { down } = file;
  const look = async (): Promise<Structure> => {
    await session.query('reset role');
    return readMigratedStructure(session);
  };
  const before = down === undefined ? undefined : await look();
  const first = await complaintOf(session, context, { file, script: file.up });
  if (first !== undefined) return { file, hasDown: down !== undefined, differences: [`${UP_FAILS}: ${first}`] };
  if (down === undefined || before === undefined) return { file, hasDown: false, differences: [] };
  const made = await look();
  const back = await complaintOf(session, context, { file, script: down });
  if (back !== undefined) return { file, hasDown: true, differences: [`its down script fails: ${back}`] };
  const left = differencesBetween(before, await look()).map((difference) => `after down ${difference}`);
  const again = await complaintOf(session, context, { file, script: file.up });
  if (again !== undefined)
    return { file, hasDown: true, differences: [...left, `${UP_FAILS} after its down: ${again}`] };
  const differs = differencesBetween(made, await look()).map((difference) => `after up again ${difference}`);
  return { file, hasDown: true, differences: [...left, ...differs] };
}

/** What PostgreSQL has against a script, with its place; undefined when it ran. */
async function complaintOf(
  session: Session,
  context: Context,
  { file, script }: { readonly file: MigrationFile; readonly script: SqlScript },
): Promise<string | undefined> {
  const [schema = 'public'] = context.params.database.schemas;
  try {
    await runOnScratch(session, context, { schema, file, script });
    return undefined;
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof ScriptError)) throw classifyPostgresError(error);
    const { path, line, message } = error.failure;
    return `${path}:${String(line)} ${message}`;
  }
}
