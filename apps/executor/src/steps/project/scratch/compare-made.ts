import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { compareStructures } from '../../../postgres/catalogue/compare-structures.js';
import { objectKey, type CatalogueObject, type Structure } from '../../../postgres/catalogue/structure.js';

/** Who may do what an apply grants again, and the place of a column in its table nobody asks for by name. */
const NOT_PROVEN = new Set(['grants', 'position']);
/** Kinds that a later script may alter or drop, which only their owner may; with what `alter … owner to` calls them. */
const OWNED = new Map([
  ...['table', 'view', 'materialized view', 'foreign table', 'sequence', 'domain'].map((kind) => [kind, kind] as const),
  ...['function', 'procedure', 'aggregate'].map((kind) => [kind, 'routine'] as const),
  ...['enum', 'composite type', 'range type', 'type'].map((kind) => [kind, 'type'] as const),
]);
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

function describe(mismatch: Mismatch): string {
  const { object, aspect, source, target } = mismatch;
  if (aspect === 'owner') return `${object} belongs to ${target}: ${givingTo(source, object)}`;
  if (aspect !== 'existence') return `${object}: ${aspect} would be ${source}, is ${target}`;
  return target === 'missing' ? `${object} is missing` : `${object} is made by none of them`;
}

/** @param object as `objectTitle` calls it: a table by its name alone */
function givingTo(owner: string, object: string): string {
  const [kind, type] = [...OWNED].find(([kind]) => kind !== 'table' && object.startsWith(`${kind} `)) ?? [];
  const clause = kind === undefined ? `table ${object}` : `${type ?? kind} ${object.slice(kind.length + 1)}`;
  return `alter ${clause} owner to ${quoteIdentifier(owner)}`;
}

function isProvable({ kind }: CatalogueObject): boolean {
  return kind !== 'default privileges' && !kind.startsWith('grants on shipped');
}

function proven(object: CatalogueObject): CatalogueObject {
  // A sequence of a column goes with its table.
  const isOwned = OWNED.has(object.kind) && object.aspects['owned by'] === undefined;
  const isProven = (name: string): boolean => (name === 'owner' ? isOwned : !NOT_PROVEN.has(name));
  const aspects = Object.entries(object.aspects).filter(([name]) => isProven(name));
  return { ...object, aspects: Object.fromEntries(aspects) };
}

function structure(major: number, objects: readonly CatalogueObject[]): Structure {
  return { major, objects: new Map(objects.map((object) => [objectKey(object), object])) };
}
