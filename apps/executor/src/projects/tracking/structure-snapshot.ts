import type { StepRunKey } from '#shared/contracts/events.js';
import { fingerprint } from '../../postgres/catalogue/fingerprint.js';
import { objectKey, type CatalogueObject, type Structure } from '../../postgres/catalogue/structure.js';
import type { Session } from '../../postgres/session.js';
import { packed, unpacked } from './packed-json.js';
import { hasTracking } from './tracking-tables.js';

/** What a database looked like after the last change that was ours. */
export interface StructureSnapshot {
  readonly fingerprint: string;
  readonly structure: Structure;
  readonly author: SnapshotAuthor;
}

/** Who changed it. */
export interface SnapshotAuthor {
  readonly project: string;
  readonly run: Pick<StepRunKey, 'migrationId' | 'stepId'>;
}

interface SnapshotRow {
  readonly fingerprint: string;
  readonly structure: Buffer;
  readonly project: string;
  readonly migrationId: SnapshotAuthor['run']['migrationId'];
  readonly stepId: SnapshotAuthor['run']['stepId'];
}

interface StoredStructure {
  readonly major: number;
  readonly objects: readonly CatalogueObject[];
}

/** Undefined where nothing was ever applied. */
export async function readSnapshot(session: Session): Promise<StructureSnapshot | undefined> {
  if (!(await hasTracking(session))) return undefined;
  const { rows } = await session.query<SnapshotRow>(
    `select fingerprint, structure, project, migration_id as "migrationId", step_id as "stepId"
       from rehome.structure_snapshot`,
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { major, objects } = (await unpacked(row.structure)) as StoredStructure;
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const { fingerprint: found, project, migrationId, stepId } = row;
  return {
    fingerprint: found,
    structure: { major, objects: byKey },
    author: { project, run: { migrationId, stepId } },
  };
}

/** Of the snapshot; undefined where nothing was ever applied. */
export async function recordedFingerprint(session: Session): Promise<string | undefined> {
  if (!(await hasTracking(session))) return undefined;
  const { rows } = await session.query<{ fingerprint: string }>(`select fingerprint from rehome.structure_snapshot`);
  return rows[0]?.fingerprint;
}

/** Fingerprint of the snapshot that a step wrote; undefined when the last one is not its. */
export async function snapshotBy(
  session: Session,
  { migrationId, stepId }: SnapshotAuthor['run'],
): Promise<string | undefined> {
  if (!(await hasTracking(session))) return undefined;
  const { rows } = await session.query<{ fingerprint: string }>(
    `select fingerprint from rehome.structure_snapshot where migration_id = $1 and step_id = $2`,
    [migrationId, stepId],
  );
  return rows[0]?.fingerprint;
}

/** @returns the fingerprint of what was recorded. */
export async function recordSnapshot(
  session: Session,
  structure: Structure,
  { project, run }: SnapshotAuthor,
): Promise<string> {
  const found = fingerprint(structure);
  const stored: StoredStructure = { major: structure.major, objects: [...structure.objects.values()] };
  await session.query(
    `insert into rehome.structure_snapshot (fingerprint, structure, project, migration_id, step_id)
     values ($1, $2, $3, $4, $5)
     on conflict (only_row) do update
       set fingerprint = excluded.fingerprint, structure = excluded.structure, project = excluded.project,
           migration_id = excluded.migration_id, step_id = excluded.step_id, recorded_at = clock_timestamp()`,
    [found, await packed(stored), project, run.migrationId, run.stepId],
  );
  return found;
}
