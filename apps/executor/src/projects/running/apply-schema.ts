import type { PendingMigration } from '#shared/contracts/projects.js';
import type { ApplyMigrationsParams } from '#shared/contracts/steps/project-steps.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import type { MigrationFile } from '#shared/projects/migration-file.js';
import type { Session } from '../../postgres/session.js';
import { projectMigration } from '../project-migration.js';
import {
  claimMigration,
  recordWithoutRunning,
  type RecordedMigration,
  type TrackedMigration,
} from '../tracking/tracking-rows.js';
import { isBundled, runBundle } from './run-bundle.js';
import { runInTransaction } from './run-in-transaction.js';
import { runOutsideTransaction } from './run-outside-transaction.js';
import type { RunOutcome, ScriptRun, ScriptSurroundings } from './schema-run.js';

/** What every schema of a database has in common. */
export interface DatabaseApply {
  readonly params: ApplyMigrationsParams;
  readonly project: LoadedProject;
  readonly migrationId: string;
  readonly around: ScriptSurroundings;
  /** Whether versions of a schema may be sent together: it pays on many schemas, and asks for an empty journal. */
  readonly bundles: boolean;
  /** The administrator's session that holds the lock of the database. */
  readonly admin: Session;
  /** Told while backends of others hold what scripts wait for, and with none once they do not. */
  readonly blocked: (pids: readonly number[]) => void;
  /** Called for each version that is settled by now. */
  readonly settled: (tracked: TrackedMigration, outcome: RunOutcome) => Promise<void>;
  /** Called for each version that was recorded without being run. */
  readonly recorded: (tracked: RecordedMigration) => Promise<void>;
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
  let alone = 0;
  for (let index = 0; index < pending.length;) {
    apply.around.signal.throwIfAborted();
    const left = pending.slice(index);
    const runs = left.findIndex(({ action }) => action === 'run');
    const [migration] = left;
    if (migration === undefined) return;
    if (runs !== 0) {
      await recordRest(schema, apply, left);
      index += runs < 0 ? left.length : runs;
      continue;
    }
    const { tried, applied } = index >= alone ? await applyBundle(session, schema, apply, left) : NOTHING_SENT;
    // What was refused together is told by whatever fails alone.
    if (applied < tried) alone = index + tried;
    if (applied === 0) await runOne(session, schema, apply, migration);
    index += Math.max(1, applied);
  }
}

/** How many versions were sent together, and how many of them stand. */
interface SentTogether {
  readonly tried: number;
  readonly applied: number;
}

const NOTHING_SENT: SentTogether = { tried: 0, applied: 0 };

/** Those at the beginning that can be sent together, where there is anything to gain by it. */
async function applyBundle(
  session: Session,
  schema: string,
  apply: DatabaseApply,
  left: readonly PendingMigration[],
): Promise<SentTogether> {
  if (!apply.bundles) return NOTHING_SENT;
  const runs = left.map((migration) => runOf(session, schema, apply, migration));
  const end = left.findIndex(({ action }, index) => action !== 'run' || !isBundled(runs[index]));
  const bundle = end < 0 ? runs : runs.slice(0, end);
  if (bundle.length < 2) return NOTHING_SENT;
  const { tried, applied } = await runBundle(apply.admin, bundle);
  for (const { tracked, executionTimeMs } of applied) await apply.settled(tracked, { outcome: 'ran', executionTimeMs });
  return { tried, applied: applied.length };
}

/** Those up to the next that runs, in one statement; not in the session of scripts, which may still be the owner. */
async function recordRest(schema: string, apply: DatabaseApply, from: readonly PendingMigration[]): Promise<void> {
  const end = from.findIndex(({ action }) => action === 'run');
  const recorded = (end < 0 ? from : from.slice(0, end)).map((migration) => ({
    ...trackedOf(schema, apply, projectMigration(apply.project, migration)),
    status: migration.action === 'fake' ? ('faked' as const) : ('elsewhere' as const),
  }));
  await apply.around.check();
  for (const tracked of await recordWithoutRunning(apply.admin, recorded)) await apply.recorded(tracked);
  for (const tracked of recorded) await apply.settled(tracked, { outcome: 'settled' });
}

async function runOne(
  session: Session,
  schema: string,
  apply: DatabaseApply,
  migration: PendingMigration,
): Promise<void> {
  const { admin } = apply;
  const run = runOf(session, schema, apply, migration);
  const { file, tracked } = run;
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

function runOf(session: Session, schema: string, apply: DatabaseApply, migration: PendingMigration): ScriptRun {
  const file = projectMigration(apply.project, migration);
  const tracked = trackedOf(schema, apply, file);
  return { database: apply.params.database, file, script: file.up, tracked, around: apply.around, session };
}

function trackedOf(
  schema: string,
  { params, migrationId }: Pick<DatabaseApply, 'params' | 'migrationId'>,
  { app, version, name, checksum }: MigrationFile,
): TrackedMigration {
  return { project: params.project.name, schema, app, version, name, checksum, by: params.appliedBy, migrationId };
}
