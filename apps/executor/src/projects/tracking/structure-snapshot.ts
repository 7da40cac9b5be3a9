import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { StepRunKey } from '#shared/contracts/events.js';
import { fingerprint } from '../../postgres/catalogue/fingerprint.js';
import { objectKey, type CatalogueObject, type Structure } from '../../postgres/catalogue/structure.js';
import type { Session } from '../../postgres/session.js';
import { hasTracking } from './tracking-tables.js';

/** What a database looked like after the last change that was ours. */
export interface StructureSnapshot {
  readonly fingerprint: string;
  readonly structure: Structure;
}

/** Who changed it. */
export interface SnapshotAuthor {
  readonly project: string;
  readonly run: Pick<StepRunKey, 'migrationId' | 'stepId'>;
}

interface StoredStructure {
  readonly major: number;
  readonly objects: readonly CatalogueObject[];
}

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Undefined where nothing was ever applied. */
export async function readSnapshot(session: Session): Promise<StructureSnapshot | undefined> {
  if (!(await hasTracking(session))) return undefined;
  const { rows } = await session.query<{ fingerprint: string; structure: Buffer }>(
    `select fingerprint, structure from rehome.structure_snapshot`,
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  // Ten thousand tables are 60 MB of JSON, which repeats itself, and 3 MB of this.
  const { major, objects } = JSON.parse((await unpack(row.structure)).toString('utf8')) as StoredStructure;
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  return { fingerprint: row.fingerprint, structure: { major, objects: byKey } };
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
    [found, await pack(Buffer.from(JSON.stringify(stored))), project, run.migrationId, run.stepId],
  );
  return found;
}
