import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { compareStructures } from '../../../postgres/catalogue/compare-structures.js';
import { objectKey, type CatalogueObject, type Structure } from '../../../postgres/catalogue/structure.js';

/** Who may do what is the application's business, and the place of a column in its table nobody asks for by name. */
const NOT_PROVEN = new Set(['owner', 'grants', 'position']);
const MOST_TOLD = 20;

/** What the scripts made: all that is not as it was before them. */
export function madeBy(before: Structure, after: Structure): Structure {
  const known = new Map([...before.objects].map(([key, object]) => [key, JSON.stringify(object.aspects)]));
  const made = [...after.objects.values()].filter(
    (object) => known.get(objectKey(object)) !== JSON.stringify(object.aspects),
  );
  return structure(after.major, made.filter(isProvable).map(proven));
}

/**
 * Differences between what the scripts made and what stands there. More may stand there, but not in a table of theirs:
 * a column that no script made is a difference.
 */
export function differencesOf(made: Structure, live: Structure): Mismatch[] {
  const tables = [...made.objects.values()].filter(({ kind }) => kind === 'table').map(({ name }) => `${name}.`);
  const compared = [...live.objects.values()].filter(
    (object) =>
      made.objects.has(objectKey(object)) ||
      (object.kind === 'column' && tables.some((table) => object.name.startsWith(table))),
  );
  return compareStructures(made, structure(live.major, compared.map(proven)));
}

/** @throws RehomeError BASELINE_DIFFERS that names each difference. */
export function requireEqual(differences: readonly Mismatch[], faked: readonly string[]): void {
  if (differences.length === 0) return;
  const told = differences.slice(0, MOST_TOLD).map(describe);
  const more = differences.length > told.length ? ` and ${String(differences.length - told.length)} more` : '';
  throw new RehomeError(
    'BASELINE_DIFFERS',
    `${faked.join(', ')} cannot be recorded as applied: ${told.join('; ')}${more}. Bring the database or the scripts to agree, or apply them instead`,
    { facts: { differences: differences.slice(0, MOST_TOLD).map((one) => ({ ...one })) } },
  );
}

/** Every difference between two looks at one scratch database, told in one line each. */
export function differencesBetween(before: Structure, after: Structure): string[] {
  const [left, right] = [before, after].map(({ major, objects }) =>
    structure(major, [...objects.values()].map(proven)),
  );
  return left === undefined || right === undefined ? [] : compareStructures(left, right).map(tell);
}

function tell({ object, aspect, source, target }: Mismatch): string {
  if (aspect !== 'existence') return `${object}: ${aspect} was ${source}, is ${target}`;
  return target === 'missing' ? `${object} is gone` : `${object} is left behind`;
}

function describe({ object, aspect, source, target }: Mismatch): string {
  if (aspect !== 'existence') return `${object}: ${aspect} would be ${source}, is ${target}`;
  return target === 'missing' ? `${object} is missing` : `${object} is made by none of them`;
}

function isProvable({ kind }: CatalogueObject): boolean {
  return kind !== 'default privileges' && !kind.startsWith('grants on shipped');
}

function proven(object: CatalogueObject): CatalogueObject {
  const aspects = Object.entries(object.aspects).filter(([name]) => !NOT_PROVEN.has(name));
  return { ...object, aspects: Object.fromEntries(aspects) };
}

function structure(major: number, objects: readonly CatalogueObject[]): Structure {
  return { major, objects: new Map(objects.map((object) => [objectKey(object), object])) };
}
