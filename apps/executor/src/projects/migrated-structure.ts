import type { Drift } from '#shared/contracts/projects.js';
import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import { compareStructures } from '../postgres/catalogue/compare-structures.js';
import { fingerprint } from '../postgres/catalogue/fingerprint.js';
import { liesIn } from '../postgres/catalogue/in-schemas.js';
import { readStructure } from '../postgres/catalogue/read-structure.js';
import { objectKey, type CatalogueObject, type Structure } from '../postgres/catalogue/structure.js';
import type { Session } from '../postgres/session.js';
import { withoutDeviations } from './deviations.js';
import { readOpenChange } from './tracking/open-change.js';
import { readSnapshot, recordedFingerprint } from './tracking/structure-snapshot.js';
import { TRACKING_SCHEMA } from './tracking/tracking-tables.js';

/** What operators and applications change day by day, which no migration made. */
const NOT_MIGRATED = new Set(['database', 'large objects', 'database setting', 'role setting']);
/** Whether a materialized view was filled is content; the place of a column shifts when another one goes. */
const NOT_COMPARED = new Set(['populated', 'position']);
const MOST_DRIFT = 50;

/** The structure of the session's database as migrations make it: without what is ours, without content and settings. */
export async function readMigratedStructure(session: Session): Promise<Structure> {
  const structure = await readStructure(session, { mapRole: (role) => role, owner: await databaseOwner(session) });
  return migratedPart(structure);
}

/** See `readMigratedStructure`; of a structure that was read for something else as well. */
export function migratedPart(structure: Structure): Structure {
  const objects = new Map<string, CatalogueObject>();
  for (const object of structure.objects.values()) {
    if (NOT_MIGRATED.has(object.kind) || liesIn(object, [TRACKING_SCHEMA])) continue;
    const aspects = Object.fromEntries(Object.entries(object.aspects).filter(([name]) => !NOT_COMPARED.has(name)));
    objects.set(objectKey(object), { kind: object.kind, name: object.name, aspects });
  }
  return { major: structure.major, objects };
}

/** What the database looks like, and where that is not what our last change left. */
export interface StructureDrift {
  readonly fingerprint: string;
  /** At most 50; empty where nothing was ever recorded. */
  readonly drift: readonly Drift[];
}

/** Compares the database with what our last change left. Reads only. */
export async function findStructureDrift(session: Session): Promise<StructureDrift> {
  return driftFrom(session, await readMigratedStructure(session));
}

/** The same of a structure that was read already; see `migratedPart`. */
export async function driftFrom(session: Session, live: Structure): Promise<StructureDrift> {
  const found = fingerprint(live);
  const expected = await expectedStructure(session, live, found);
  if (expected === undefined || expected === live || fingerprint(expected) === found)
    return { fingerprint: found, drift: [] };
  return { fingerprint: found, drift: compareStructures(expected, live).slice(0, MOST_DRIFT).map(driftOf) };
}

/**
 * What the migrations made, `live` itself where that is the same; undefined where nothing was ever recorded. Amid a change of
 * ours it is what stands there but for what that change had found.
 */
export async function expectedStructure(
  session: Session,
  live: Structure,
  found = fingerprint(live),
): Promise<Structure | undefined> {
  const deviations = await readOpenChange(session);
  if (deviations !== undefined) return withoutDeviations(live, deviations);
  // To unpack the record of many tables takes as long as to read them: mostly there is nothing to compare.
  if ((await recordedFingerprint(session)) === found) return live;
  const recorded = await readSnapshot(session);
  return recorded === undefined ? undefined : migratedPart(recorded.structure);
}

export function driftOf({ object, aspect, source, target }: Mismatch): Drift {
  const what = object.includes(' ') ? object : `table ${object}`;
  return { kind: 'structure', what, detail: detailOf(aspect, source, target) };
}

function detailOf(aspect: string, recorded: string, live: string): string {
  if (aspect !== 'existence') return `${aspect} was ${recorded}, is ${live}`;
  return live === 'missing' ? 'stood there after the last migration, and is gone' : 'was made by no migration';
}

async function databaseOwner(session: Session): Promise<string> {
  const { rows } = await session.query<{ owner: string }>(
    `select pg_get_userbyid(datdba) as owner from pg_database where datname = current_database()`,
  );
  return rows[0]?.owner ?? '';
}
