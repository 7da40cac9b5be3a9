import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { StepRunKey } from '#shared/contracts/events.js';
import { fingerprint } from '../../postgres/catalogue/fingerprint.js';
import { objectKey, type CatalogueObject, type Structure } from '../../postgres/catalogue/structure.js';
import type { Session } from '../../postgres/session.js';
import type { Deviation } from '../deviations.js';
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

const pack = promisify(gzip);
const unpack = promisify(gunzip);

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

/** What a change that has begun and not ended had found; undefined when there is none. */
export async function readOpenChange(session: Session): Promise<Deviation[] | undefined> {
  const { rows: tables } = await session.query<{ there: boolean }>(
    `select to_regclass('rehome.open_change') is not null as there`,
  );
  if (tables[0]?.there !== true) return undefined;
  const { rows } = await session.query<{ deviations: Buffer }>(`select deviations from rehome.open_change`);
  return rows[0] === undefined ? undefined : ((await unpacked(rows[0].deviations)) as Deviation[]);
}

/** Takes one over that was never ended: what had been found before it is what counts. */
export async function writeOpenChange(
  session: Session,
  deviations: readonly Deviation[],
  { migrationId, stepId }: SnapshotAuthor['run'],
): Promise<void> {
  await session.query(
    `insert into rehome.open_change (deviations, migration_id, step_id)
     values ($1, $2, $3)
     on conflict (only_row) do update set migration_id = excluded.migration_id, step_id = excluded.step_id`,
    [await packed(deviations), migrationId, stepId],
  );
}

/** @returns what it had found; undefined when it is not this step's, or has ended. */
export async function takeOpenChange(
  session: Session,
  { migrationId, stepId }: SnapshotAuthor['run'],
): Promise<Deviation[] | undefined> {
  const { rows } = await session.query<{ deviations: Buffer }>(
    `delete from rehome.open_change where migration_id = $1 and step_id = $2 returning deviations`,
    [migrationId, stepId],
  );
  return rows[0] === undefined ? undefined : ((await unpacked(rows[0].deviations)) as Deviation[]);
}

/** Ten thousand tables are 60 MB of JSON, which repeats itself, and 3 MB of this. */
function packed(value: unknown): Promise<Buffer> {
  return pack(Buffer.from(JSON.stringify(value)));
}

async function unpacked(bytes: Buffer): Promise<unknown> {
  return JSON.parse((await unpack(bytes)).toString('utf8'));
}
