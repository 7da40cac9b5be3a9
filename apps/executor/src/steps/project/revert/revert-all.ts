import type { RevertMigrationResult } from '#shared/contracts/steps/project-steps.js';
import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { revertable } from '#shared/projects/decision/revertable.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import type { MigrationFile, SqlScript } from '#shared/projects/migration-file.js';
import { readScript } from '#shared/projects/sql/read-script.js';
import { withMigrationLock } from '../../../projects/migration-lock.js';
import { abandonChange, beginChange, endChange } from '../../../projects/own-change.js';
import { projectMigration, titleOf } from '../../../projects/project-migration.js';
import { SchemaFailure } from '../../../projects/running/apply-schema.js';
import { migrationFailed } from '../../../projects/running/migration-failed.js';
import { overSchemas, type SchemaWorkers } from '../../../projects/running/over-schemas.js';
import { runInTransaction } from '../../../projects/running/run-in-transaction.js';
import { runOutsideTransaction } from '../../../projects/running/run-outside-transaction.js';
import type { RunOutcome, ScriptRun } from '../../../projects/running/schema-run.js';
import { ScriptError } from '../../../projects/running/script-error.js';
import { unitWaiting, watchLocks } from '../../../projects/running/watch-locks.js';
import { tellMigration } from '../../../projects/tell-migration.js';
import { recordError, recordFailure } from '../../../projects/tracking/migration-errors.js';
import { holdForRevert, readTracking, type TrackedMigration } from '../../../projects/tracking/tracking-rows.js';
import { ensureTracking } from '../../../projects/tracking/tracking-tables.js';
import { requireWithinCopy } from '../../../projects/within-copy.js';
import type { Session } from '../../../postgres/session.js';
import type { StepContext } from '../../../running/step.js';
import { openAdmin, withDatabase } from '../../step-session.js';
import { surroundingsOf } from '../apply/surroundings.js';
import { readReverted, resultOf } from './revert-result.js';

type Context = StepContext<'revert-migration'>;

interface Revert {
  readonly project: LoadedProject;
  readonly file: MigrationFile;
  readonly script: SqlScript;
  readonly admin: Session;
}

/** Runs the script on every schema in which the version stands, then records what the database looks like. */
export async function revertAll(context: Context): Promise<RevertMigrationResult> {
  const { params, tools, signal, lease, run } = context;
  const project = await tools.projects.load(params.project);
  const file = projectMigration(project, params.migration);
  const script = scriptOf(context, project, file);
  requireWithinCopy(params.database, [script]);
  return withDatabase(context, params.database.address, (admin) =>
    withMigrationLock(admin, { signal }, async () => {
      await lease.check();
      await ensureTracking(admin);
      await requireRevertable(context, project, admin);
      await beginChange(admin, run);
      await revertSchemas(context, { project, file, script, admin });
      await tools.faults.reach('step.revert-migration.reverted');
      await lease.check();
      const author = { project: params.project.name, run };
      const fingerprint = await endChange(admin, author, { run: script.statements, faked: [] });
      return resultOf(params, await readReverted(admin, params), fingerprint);
    }),
  );
}

function scriptOf({ params }: Context, project: LoadedProject, file: MigrationFile): SqlScript {
  const { script: path } = params;
  if (path === undefined) {
    if (file.down !== undefined) return file.down;
    throw new RehomeError('PROJECT_INVALID', `${titleOf(file)} has no down script; write one, or ask for an emergency`);
  }
  const text = project.files.get(path);
  if (text === undefined) throw new RehomeError('PROJECT_INVALID', `the project has no file ${path}; push it with it`);
  const { script, problems } = readScript(path, text);
  const [first] = problems;
  if (first === undefined) return script;
  throw new RehomeError('PROJECT_INVALID', `${path}:${String(first.line ?? 1)} ${first.message}`);
}

/** Looked at again under the lock: what requires it may have been applied since the inspection. */
async function requireRevertable({ params }: Context, project: LoadedProject, admin: Session): Promise<void> {
  const { app, version } = params.migration;
  const all = await readTracking(admin, params.project.name);
  for (const schema of params.database.schemas) {
    const rows = all.filter((row) => row.schema === schema);
    const row = rows.find((one) => one.app === app && one.version === version);
    if (row === undefined || row.status === 'rolled_back') continue;
    const answer = revertable({
      ...{ project, alias: params.database.alias, version: `${app}/${version}`, rows },
      withoutDown: params.script !== undefined,
    });
    if (!answer.ok) throw new RehomeError('PREFLIGHT_FAILED', `schema ${schema}: ${answer.problems.join('; ')}`);
  }
}

async function revertSchemas(context: Context, revert: Revert): Promise<void> {
  const { params, signal } = context;
  const { address, schemas } = params.database;
  let done = 0;
  const tell = (blockers: readonly number[] = []): void => {
    context.progress({ done, total: schemas.length, unit: unitWaiting('schemas', blockers) });
  };
  const workers: SchemaWorkers = {
    open: () => openAdmin(context, address.server, address.database),
    work: async (session, schema, ending) => {
      const waiting = AbortSignal.any([signal, ending]);
      await revertSchema(session, schema, { context, revert, waiting });
      done += 1;
      tell();
    },
    mayBeOthers: (error) => error instanceof SchemaFailure && error.cause instanceof ScriptError,
  };
  try {
    await watchLocks(revert.admin, tell, () => overSchemas(schemas, workers));
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof SchemaFailure ? await failed(context, revert, error) : error;
  }
}

async function revertSchema(
  session: Session,
  schema: string,
  { context, revert, waiting }: { readonly context: Context; readonly revert: Revert; readonly waiting: AbortSignal },
): Promise<void> {
  const { params, tools } = context;
  const { file, script, admin } = revert;
  const tracked = trackedOf(context, file, schema);
  const around = { ...surroundingsOf(context, 'revert-migration'), waiting };
  const run: ScriptRun = { database: params.database, file, script, tracked, around, session };
  const startedAt = performance.now();
  try {
    const outcome: RunOutcome = script.transactional
      ? await runInTransaction(run, { status: 'rolled_back', claim: () => holdForRevert(session, tracked) })
      : await runOutsideTransaction(run, {
          ...{ status: 'rolled_back', direction: 'down', admin },
          claim: () => holdForRevert(admin, tracked),
        });
    if (outcome.outcome === 'settled') return;
    const { executionTimeMs } = outcome;
    await tellMigration({ tools, database: params.database, tracked, status: 'rolled_back', executionTimeMs });
  } catch (error) {
    throw new SchemaFailure(tracked, performance.now() - startedAt, error);
  }
}

/** A script that was rolled back whole leaves the version as it stood; one that was not leaves it failed. */
async function failed(
  context: Context,
  { admin, script }: Revert,
  { tracked, cause, executionTimeMs }: SchemaFailure,
): Promise<RehomeError> {
  if (!(cause instanceof ScriptError)) return classifyPostgresError(cause);
  await context.lease.check();
  if (script.transactional) await recordError(admin, tracked, cause.failure);
  else await recordFailure(admin, tracked, { ...cause.failure, executionTimeMs });
  await abandonChange(admin, context.run);
  const { tools, params } = context;
  const { database } = params;
  const error = migrationFailed({
    ...{ address: database.address, tracked },
    error: cause,
    rolledBack: script.transactional,
  });
  await tellMigration({ tools, database, tracked, status: 'failed', executionTimeMs, detail: error.message });
  return error;
}

function trackedOf({ params, run }: Context, file: MigrationFile, schema: string): TrackedMigration {
  const { app, version, name, checksum } = file;
  const { project, revertedBy: by } = params;
  return { project: project.name, schema, app, version, name, checksum, by, migrationId: run.migrationId };
}
