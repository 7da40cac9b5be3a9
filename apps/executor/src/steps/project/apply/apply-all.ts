import type { PendingMigration } from '#shared/contracts/projects.js';
import type { ApplyMigrationsResult } from '#shared/contracts/steps/project-steps.js';
import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import type { RehomeError } from '#shared/errors/rehome-error.js';
import type { SqlScript } from '#shared/projects/migration-file.js';
import { applicationGrants } from '../../../projects/application-grants.js';
import type { ChangeStatements } from '../../../projects/deviations.js';
import { withMigrationLock } from '../../../projects/migration-lock.js';
import { abandonChange, beginChange, endChange } from '../../../projects/own-change.js';
import { projectMigration } from '../../../projects/project-migration.js';
import { applySchema, SchemaFailure, type DatabaseApply } from '../../../projects/running/apply-schema.js';
import { migrationFailed } from '../../../projects/running/migration-failed.js';
import { overSchemas, PARALLEL_FROM, type SchemaWorkers } from '../../../projects/running/over-schemas.js';
import { ScriptError } from '../../../projects/running/script-error.js';
import { beginClean } from '../../../projects/running/script-session.js';
import { unitWaiting, watchLocks } from '../../../projects/running/watch-locks.js';
import { tellMigration } from '../../../projects/tell-migration.js';
import { recordFailure } from '../../../projects/tracking/migration-errors.js';
import { isJournalEmpty } from '../../../projects/tracking/statement-journal.js';
import { ensureTracking } from '../../../projects/tracking/tracking-tables.js';
import { requireWithinCopy } from '../../../projects/within-copy.js';
import type { Session } from '../../../postgres/session.js';
import type { StepContext } from '../../../running/step.js';
import { openAdmin, withDatabase } from '../../step-session.js';
import { keyOf, readSettlement, resultOf, settledKeys, unsettled } from './apply-result.js';
import { requireAsPlanned } from './require-as-planned.js';
import { surroundingsOf } from './surroundings.js';

type Context = StepContext<'apply-migrations'>;

/** Everything that is not settled, then the grants of the application and the record of what the database looks like. */
export async function applyAll(context: Context): Promise<ApplyMigrationsResult> {
  const { params, tools, signal, lease, run } = context;
  const project = await tools.projects.load(params.project);
  requireWithinCopy(params.database, scriptsOf(params, project));
  return withDatabase(context, params.database.address, (admin) =>
    withMigrationLock(admin, { signal }, async () => {
      await lease.check();
      await ensureTracking(admin);
      await requireAsPlanned(admin, project, params);
      await beginChange(admin, run);
      await tools.faults.reach('step.apply-migrations.tracked');
      const apply = await databaseApply(context, project, admin);
      await applySchemas(context, apply);
      await tools.faults.reach('step.apply-migrations.applied');
      await lease.check();
      const author = { project: params.project.name, run };
      const fingerprint = await endChange(admin, author, statementsOf(context, project));
      return resultOf(params, await readSettlement(admin, params), fingerprint);
    }),
  );
}

function scriptsOf({ migrations }: Context['params'], project: DatabaseApply['project']): SqlScript[] {
  const ran = migrations
    .filter(({ action }) => action === 'run')
    .map((migration) => projectMigration(project, migration));
  return ran.flatMap(({ up, verify }) => (verify === undefined ? [up] : [up, verify]));
}

function statementsOf({ params }: Context, project: DatabaseApply['project']): ChangeStatements {
  const of = (action: PendingMigration['action']) =>
    params.migrations
      .filter((migration) => migration.action === action)
      .flatMap((migration) => projectMigration(project, migration).up.statements);
  return { run: of('run'), faked: of('fake') };
}

async function databaseApply(
  context: Context,
  project: DatabaseApply['project'],
  admin: Session,
): Promise<DatabaseApply> {
  const { params, run, tools } = context;
  const total = unsettled(params, await readSettlement(admin, params));
  let done = 0;
  const tell = (blockers: readonly number[] = []): void => {
    context.progress({ done, total, unit: unitWaiting('migrations', blockers) });
  };
  tell();
  return {
    params,
    project,
    migrationId: run.migrationId,
    bundles: params.database.schemas.length >= PARALLEL_FROM && (await isJournalEmpty(admin)),
    admin,
    around: surroundingsOf(context),
    blocked: tell,
    settled: async (tracked, outcome) => {
      done += 1;
      tell();
      if (outcome.outcome !== 'ran') return;
      const { executionTimeMs } = outcome;
      await tellMigration({ tools, database: params.database, tracked, status: 'applied', executionTimeMs });
    },
    recorded: async ({ status, ...tracked }) => {
      // What lives elsewhere is told there.
      if (status !== 'faked') return;
      await tellMigration({ tools, database: params.database, tracked, status, executionTimeMs: 0 });
    },
  };
}

async function applySchemas(context: Context, apply: DatabaseApply): Promise<void> {
  const { params, signal, lease } = context;
  const { address, schemas, owner, application } = params.database;
  const settled = settledKeys(await readSettlement(apply.admin, params));
  const pendingOn = (schema: string): PendingMigration[] =>
    params.migrations.filter((migration) => !settled.has(`${schema} ${keyOf(migration)}`));
  try {
    const workers: SchemaWorkers = {
      open: () => openAdmin(context, address.server, address.database),
      work: async (session, schema, ending) => {
        const around = { ...apply.around, waiting: AbortSignal.any([signal, ending]) };
        await applySchema(session, schema, { ...apply, around }, pendingOn(schema));
        if (application === undefined || application === owner) return;
        await lease.check();
        await beginClean(session);
        await session.query([...applicationGrants(schema, { owner, application }), 'commit'].join(';\n'));
      },
      mayBeOthers: (error) => error instanceof SchemaFailure && error.cause instanceof ScriptError,
    };
    await watchLocks(apply.admin, apply.blocked, () => overSchemas(schemas, workers));
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof SchemaFailure ? await failed(context, apply, error) : error;
  }
}

/** Recorded after the roll back; a crash before that lets the next attempt fail, and record, again. */
async function failed(
  context: Context,
  { admin, project }: DatabaseApply,
  failure: SchemaFailure,
): Promise<RehomeError> {
  const { tracked, cause, executionTimeMs } = failure;
  if (!(cause instanceof ScriptError)) return classifyPostgresError(cause);
  const { address } = context.params.database;
  const { transactional } = projectMigration(project, tracked);
  const error = migrationFailed({ address, tracked, error: cause, rolledBack: transactional });
  await context.tools.faults.reach('step.apply-migrations.failed');
  await context.lease.check();
  await recordFailure(admin, tracked, { ...cause.failure, executionTimeMs });
  await abandonChange(admin, context.run);
  const { tools, params } = context;
  const told = { tools, database: params.database, tracked, executionTimeMs, detail: error.message };
  await tellMigration({ ...told, status: 'failed' });
  return error;
}
