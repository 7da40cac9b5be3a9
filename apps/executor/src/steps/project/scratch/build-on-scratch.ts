import type { PendingMigration } from '#shared/contracts/projects.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import type { MigrationFile, SqlScript } from '#shared/projects/migration-file.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { withRequirements } from '#shared/projects/migration-order.js';
import type { TrackingRow } from '../../../projects/tracking/tracking-rows.js';
import { runStatement, runStatements } from '../../../projects/running/run-statements.js';
import { ScriptError } from '../../../projects/running/script-error.js';
import { beginClean, becomeOwner, prepareOwnerSession } from '../../../projects/running/script-session.js';
import type { Session } from '../../../postgres/session.js';
import type { StepContext } from '../../../running/step.js';
import type { OnScratch } from './scratch-database.js';

type Context = StepContext<OnScratch>;

/**
 * The versions that made what stands there: those to be faked, those that stand already and what both require, as far
 * as they live here; in the project's order.
 */
export function buildingMigrations(
  project: LoadedProject,
  alias: string,
  facts: { readonly faked: readonly PendingMigration[]; readonly rows: readonly TrackingRow[] },
): MigrationFile[] {
  const standing = facts.rows.filter(({ status }) => status === 'applied' || status === 'faked');
  const wanted = new Set([...facts.faked, ...standing].map(({ app, version }) => `${app}/${version}`));
  const all = withRequirements(
    project.migrations.filter(({ id }) => wanted.has(id)),
    project.migrations,
  );
  const ids = new Set(all.map(({ id }) => id));
  return project.migrations.filter(({ id, home }) => ids.has(id) && home === alias);
}

/** What is to be made in each schema, in order. */
export type MigrationsBySchema = ReadonlyMap<string, readonly MigrationFile[]>;

/** Runs them on the scratch database, schema by schema, as the owner. @throws RehomeError BASELINE_DIFFERS */
export async function buildOn(session: Session, context: Context, bySchema: MigrationsBySchema): Promise<void> {
  const total = [...bySchema.values()].flat().length;
  let done = 0;
  for (const [schema, files] of bySchema) {
    for (const file of files) {
      await buildOne(session, context, { schema, file });
      done += 1;
      context.progress({ done, total, unit: 'migrations' });
    }
  }
  await session.query('reset role');
}

async function buildOne(
  session: Session,
  context: Context,
  { schema, file }: { readonly schema: string; readonly file: MigrationFile },
): Promise<void> {
  try {
    await runOnScratch(session, context, { schema, file, script: file.up });
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof ScriptError)) throw classifyPostgresError(error);
    const { path, line, message } = error.failure;
    throw new RehomeError(
      'BASELINE_DIFFERS',
      `nothing can be proven for ${file.id}: on an empty database ${path}:${String(line)} fails: ${message}. Correct the script, or what it requires`,
      { cause: error, facts: { migration: file.id, path, line } },
    );
  }
}

export interface ScratchScript {
  readonly schema: string;
  readonly file: MigrationFile;
  readonly script: SqlScript;
}

/** Runs a script as the owner, in a transaction where it allows one. @throws ScriptError; in a transaction nothing of it stands then. */
export async function runOnScratch(
  session: Session,
  { params: { database }, signal }: Context,
  { schema, file, script }: ScratchScript,
): Promise<void> {
  const settings = { schema, database, lockTimeoutMs: file.lockTimeoutMs };
  if (!script.transactional) {
    await prepareOwnerSession(session, settings);
    for (const statement of script.statements) await runStatement(session, script, statement);
    return;
  }
  await beginClean(session);
  try {
    await becomeOwner(session, settings, true);
    await runStatements(session, script, signal);
    await session.query('commit');
  } catch (error) {
    await session.query('rollback').catch(() => undefined);
    throw error;
  }
}
