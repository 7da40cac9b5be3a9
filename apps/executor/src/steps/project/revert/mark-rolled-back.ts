import type { SwapDatabaseParams } from '#shared/contracts/steps/project-steps.js';
import { readMigratedStructure } from '../../../projects/migrated-structure.js';
import { projectMigration } from '../../../projects/project-migration.js';
import { readSnapshot, recordSnapshot } from '../../../projects/tracking/structure-snapshot.js';
import { readTracking, recordStatus } from '../../../projects/tracking/tracking-rows.js';
import { ensureTracking } from '../../../projects/tracking/tracking-tables.js';
import { inTransaction, type Session } from '../../../postgres/session.js';
import type { StepContext } from '../../../running/step.js';

type Context = StepContext<'swap-database'>;

/** The rows of a backup are older than the version that is taken back. May be repeated. */
export async function markRolledBack(context: Context, session: Session): Promise<void> {
  const { params, run, tools, lease } = context;
  const file = projectMigration(await tools.projects.load(params.project), params.migration);
  const { app, version, name, checksum } = file;
  await lease.check();
  await ensureTracking(session);
  if (await isMarkedRolledBack({ params }, session)) return;
  const tracked = { project: params.project.name, app, version, name, checksum };
  const recorded = await readSnapshot(session);
  const structure = await readMigratedStructure(session);
  await inTransaction(session, async () => {
    for (const schema of params.schemas) {
      await recordStatus(
        session,
        { ...tracked, schema, by: params.revertedBy, migrationId: run.migrationId },
        { status: 'rolled_back', executionTimeMs: 0 },
      );
    }
    // A backup has the snapshot of its time with it. One of a time before any: nothing of it is drift.
    if (recorded === undefined) await recordSnapshot(session, structure, { project: params.project.name, run });
  });
}

export async function isMarkedRolledBack(
  { params }: { readonly params: SwapDatabaseParams },
  session: Session,
): Promise<boolean> {
  const { app, version } = params.migration;
  const rows = (await readTracking(session, params.project.name)).filter(
    (row) => row.app === app && row.version === version && row.status === 'rolled_back',
  );
  return params.schemas.every((schema) => rows.some((row) => row.schema === schema));
}
