import type { ApplyMigrationsParams } from '#shared/contracts/steps/project-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { driftOf } from '#shared/projects/decision/drift-of.js';
import { isSettled, standsHere, trackedById, type TrackedById } from '#shared/projects/decision/tracked-migration.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { fullName, idOf } from '#shared/projects/version-words.js';
import { projectMigration } from '../../../projects/project-migration.js';
import { readTracking } from '../../../projects/tracking/tracking-rows.js';
import type { Session } from '../../../postgres/session.js';

/**
 * Decided again under the lock: since the inspection somebody may have applied another text of a version, or taken back
 * what a version requires.
 * @throws RehomeError DRIFT_DETECTED
 */
export async function requireAsPlanned(
  admin: Session,
  project: LoadedProject,
  params: ApplyMigrationsParams,
): Promise<void> {
  const all = await readTracking(admin, params.project.name);
  for (const schema of params.database.schemas) {
    const rows = all.filter((row) => row.schema === schema);
    const changed = driftOf(project, rows).flatMap(({ kind, detail }) => (kind === 'file-changed' ? detail : []));
    const problems = [...changed, ...unmet(project, params, trackedById(rows))];
    if (problems.length > 0) {
      const found = `since its inspection ${params.database.alias} changed in schema ${schema}: ${problems.join('; ')}`;
      throw new RehomeError('DRIFT_DETECTED', `${found}. Request the apply again`);
    }
  }
}

/** What lives on another database was ordered by the plan. */
function unmet(
  project: LoadedProject,
  { database: { alias }, migrations }: ApplyMigrationsParams,
  tracked: TrackedById,
): string[] {
  const planned = new Set(migrations.map(idOf));
  const isMissing = (id: string): boolean =>
    !planned.has(id) && !standsHere(tracked.get(id)) && project.migrations.find((one) => one.id === id)?.home === alias;
  return migrations
    .filter(({ action }) => action !== 'elsewhere')
    .map((migration) => projectMigration(project, migration))
    .filter((file) => !isSettled(file, tracked.get(file.id), alias))
    .flatMap((file) => file.requires.filter(isMissing).map((id) => `${fullName(file)} requires ${id}, which is gone`));
}
