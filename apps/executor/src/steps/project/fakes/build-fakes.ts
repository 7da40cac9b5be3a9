import type { PendingMigration } from '#shared/contracts/projects.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import type { MigrationFile } from '#shared/projects/migration-file.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { withRequirements } from '#shared/projects/migration-order.js';
import type { TrackingRow } from '../../../projects/tracking/tracking-rows.js';
import { runStatement, runStatements } from '../../../projects/running/run-statements.js';
import { ScriptError } from '../../../projects/running/script-error.js';
import { beginClean, becomeOwner, prepareOwnerSession } from '../../../projects/running/script-session.js';
import type { Session } from '../../../postgres/session.js';
import type { StepContext } from '../../../running/step.js';

type Context = StepContext<'prove-fakes'>;

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

/** Runs them on the scratch database, schema by schema, as the owner. @throws RehomeError BASELINE_DIFFERS */
export async function buildOn(session: Session, context: Context, files: readonly MigrationFile[]): Promise<void> {
  const { database } = context.params;
  const total = files.length * database.schemas.length;
  let done = 0;
  for (const schema of database.schemas) {
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
  { params: { database }, signal }: Context,
  { schema, file }: { readonly schema: string; readonly file: MigrationFile },
): Promise<void> {
  const settings = { schema, database, lockTimeoutMs: file.lockTimeoutMs };
  try {
    if (file.transactional) {
      await beginClean(session);
      await becomeOwner(session, settings, true);
      await runStatements(session, file.up, signal);
      await session.query('commit');
      return;
    }
    await prepareOwnerSession(session, settings);
    for (const statement of file.up.statements) await runStatement(session, file.up, statement);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ScriptError)) throw classifyPostgresError(error);
    const { path, line, message } = error.failure;
    throw new RehomeError(
      'BASELINE_DIFFERS',
      `nothing can be proven for ${file.id}: on an empty database ${path}:${String(line)} fails: ${message}. Correct the script, or what it requires`,
      { cause: error, facts: { migration: file.id, path, line } },
    );
  }
}
