import type { StepRunKey } from '#shared/contracts/events.js';
import type { DatabaseAddress } from '#shared/contracts/registry.js';
import { uuidV5 } from '#shared/contracts/uuid.js';
import type { NewBackup } from '../../backups/backup-catalogue.js';
import { asManifestJson, sizeOf, type StoredManifest } from '../../backups/manifest.js';
import type { StepContext } from '../../running/step.js';

/** The same for every attempt of a generation. */
export function backupIdOf({ migrationId, stepId, generation }: StepRunKey): string {
  return uuidV5(migrationId, `backup/${stepId}/${String(generation)}`);
}

interface FinishedBackup {
  readonly source: DatabaseAddress;
  readonly directory: string;
  readonly stored: StoredManifest;
  readonly kept: Pick<NewBackup, 'label' | 'tier' | 'schemas' | 'compression'>;
}

/** Puts the backup of a run, whose files are written, into the catalogue. */
export async function recordBackup(
  { tools, run }: Pick<StepContext<'back-up-database' | 'dump-database'>, 'tools' | 'run'>,
  { source, directory, stored, kept }: FinishedBackup,
): Promise<void> {
  await tools.backups.record({
    backupId: backupIdOf(run),
    migrationId: run.migrationId,
    stepId: run.stepId,
    ...kept,
    server: source.server.name,
    database: source.database,
    site: tools.site,
    path: directory,
    bytes: sizeOf(stored.manifest),
    manifestSha256: stored.sha256,
    manifest: asManifestJson(stored.manifest),
  });
}
