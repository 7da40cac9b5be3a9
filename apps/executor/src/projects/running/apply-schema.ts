import type { PendingMigration } from '#shared/contracts/projects.js';
import type { ApplyMigrationsParams } from '#shared/contracts/steps/project-steps.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import type { Session } from '../../postgres/session.js';
import { projectMigration } from '../project-migration.js';
import { claimMigration, recordWithoutRunning, type TrackedMigration } from '../tracking/tracking-rows.js';
import { runInTransaction } from './run-in-transaction.js';
import { runOutsideTransaction } from './run-outside-transaction.js';
import type { RunOutcome, ScriptRun, ScriptSurroundings } from './schema-run.js';

/** What every schema of a database has in common. */
export interface DatabaseApply {
  readonly params: ApplyMigrationsParams;
  readonly project: LoadedProject;
  readonly migrationId: string;
  readonly around: ScriptSurroundings;
  /** The administrator's session that holds the lock of the database. */
  readonly admin: Session;
  /** Called for each version that is settled by this call. */
  readonly settled: (tracked: TrackedMigration, outcome: RunOutcome) => Promise<void>;
}

/** A version failed in a schema, with what PostgreSQL said; it is not recorded yet. */
export class SchemaFailure extends Error {
  override readonly name = 'SchemaFailure';

  constructor(
    readonly tracked: TrackedMigration,
    readonly executionTimeMs: number,
    override readonly cause: unknown,
  ) {
    super(`${tracked.app}/${tracked.version} failed in schema ${tracked.schema}`, { cause });
  }
}

/** Applies what is pending on one schema, version by version in the order of the plan; those that are settled are left. */
export async function applySchema(
  session: Session,
  schema: string,
  apply: DatabaseApply,
  pending: readonly PendingMigration[],
): Promise<void> {
  for (const [index, migration] of pending.entries()) {
    apply.around.signal.throwIfAborted();
    if (migration.action === 'run') {
      await runOne(session, schema, apply, migration);
      continue;
    }
    if (index > 0 && pending[index - 1]?.action !== 'run') continue;
    await recordRest(session, schema, apply, pending.slice(index));
  }
}

/** Those up to the next that runs, in one statement. */
async function recordRest(
  session: Session,
  schema: string,
  apply: DatabaseApply,
  from: readonly PendingMigration[],
): Promise<void> {
  const end = from.findIndex(({ action }) => action === 'run');
  const recorded = (end < 0 ? from : from.slice(0, end)).map((migration) => ({
    ...trackedOf(schema, apply, migration),
    status: migration.action === 'fake' ? ('faked' as const) : ('elsewhere' as const),
  }));
  await apply.around.check();
  await recordWithoutRunning(session, recorded);
  for (const tracked of recorded) await apply.settled(tracked, { outcome: 'settled' });
}

async function runOne(
  session: Session,
  schema: string,
  apply: DatabaseApply,
  migration: PendingMigration,
): Promise<void> {
  const { params, around, admin } = apply;
  const file = projectMigration(apply.project, migration);
  const tracked = trackedOf(schema, apply, migration);
  const run: ScriptRun = { database: params.database, file, script: file.up, tracked, around, session };
  const verify = file.verify === undefined ? {} : { verify: file.verify };
  const startedAt = performance.now();
  try {
    const outcome = file.transactional
      ? await runInTransaction(run, { status: 'applied', ...verify, claim: () => claimMigration(session, tracked) })
      : await runOutsideTransaction(run, {
          ...{ status: 'applied', direction: 'up', admin },
          ...verify,
          claim: () => claimMigration(admin, tracked),
        });
    await apply.settled(tracked, outcome);
  } catch (error) {
    throw new SchemaFailure(tracked, performance.now() - startedAt, error);
  }
}

export function trackedOf(
  schema: string,
  { params, migrationId }: Pick<DatabaseApply, 'params' | 'migrationId'>,
  { app, version, name, checksum }: PendingMigration,
): TrackedMigration {
  return { project: params.project.name, schema, app, version, name, checksum, by: params.appliedBy, migrationId };
}
