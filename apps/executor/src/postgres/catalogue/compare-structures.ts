import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import { comparableAcrossMajors } from './known-differences.js';
import { showDifference } from './show-difference.js';
import type { CatalogueObject, Structure } from './structure.js';

/** Kinds that are one value: when one side lacks them, the value is what differs. */
const SINGLE_VALUE: Readonly<Record<string, string>> = {
  comment: 'comment',
  'security label': 'label',
  'database setting': 'value',
  'role setting': 'value',
};

/** Aspects that say where a value comes from, not what it is. */
const NOT_COMPARED = new Set(['origin']);

/**
 * Every difference between two structures whose roles are named alike, in name order. Of a table that one side lacks,
 * only the table is named, not each of its columns.
 */
export function compareStructures(source: Structure, target: Structure): Mismatch[] {
  const pairs = pairsOf(source, target);
  const missing = new Set(pairs.flatMap(({ left, right }) => lonelyRelation(left, right)));
  return pairs.flatMap(({ left, right }) => {
    const object = left ?? right;
    if (!object || belongsToAny(object, missing)) return [];
    if (left && right) return compareAspects(left, right);
    return isRolesOwn(right) ? [] : [describeMissing(object, right === undefined)];
  });
}

/** Every object that differs, parts of missing tables as well, as far as the two majors let it be compared. */
export function differingPairs(source: Structure, target: Structure): Pair[] {
  return pairsOf(source, target).filter(({ left, right }) =>
    left && right ? compareAspects(left, right).length > 0 : left !== right,
  );
}

/** How a person finds it: `public.orders`, `trigger audit on public.orders`. */
function objectTitle(object: CatalogueObject): string {
  if (object.kind === 'table' || object.kind === 'comment') return object.name;
  return `${object.kind} ${object.name}`;
}

export interface Pair {
  readonly left: CatalogueObject | undefined;
  readonly right: CatalogueObject | undefined;
}

function pairsOf(source: Structure, target: Structure): Pair[] {
  const majors = [source.major, target.major] as const;
  const keys = [...new Set([...source.objects.keys(), ...target.objects.keys()])].sort();
  return keys.map((key) => pair(source.objects.get(key), target.objects.get(key), majors));
}

function pair(
  left: CatalogueObject | undefined,
  right: CatalogueObject | undefined,
  majors: readonly [number, number],
): Pair {
  return {
    left: left && comparableAcrossMajors(left, majors),
    right: right && comparableAcrossMajors(right, majors),
  };
}

function compareAspects(left: CatalogueObject, right: CatalogueObject): Mismatch[] {
  const aspects = [...new Set([...Object.keys(left.aspects), ...Object.keys(right.aspects)])].sort();
  return aspects.flatMap((aspect) => {
    const [source, target] = [left.aspects[aspect], right.aspects[aspect]];
    if (source === target || NOT_COMPARED.has(aspect)) return [];
    return [{ object: objectTitle(left), aspect, ...showDifference(left, aspect, source, target) }];
  });
}

function describeMissing(object: CatalogueObject, atTarget: boolean): Mismatch {
  const aspect = SINGLE_VALUE[object.kind];
  if (aspect === undefined) {
    const [source, target] = atTarget ? ['present', 'missing'] : ['missing', 'present'];
    return { object: objectTitle(object), aspect: 'existence', source, target };
  }
  const value = object.aspects[aspect];
  const shown = atTarget
    ? showDifference(object, aspect, value, undefined)
    : showDifference(object, aspect, undefined, value);
  return { object: objectTitle(object), aspect, ...shown };
}

/** What a role at the target is set to on the whole server is that server's business; preflight warns of it. */
function isRolesOwn(object: CatalogueObject | undefined): boolean {
  return object?.kind === 'role setting' && object.aspects['origin'] === 'role';
}

/** Kinds that columns, indexes and the like belong to. */
export const RELATIONS: ReadonlySet<string> = new Set([
  'table',
  'view',
  'materialized view',
  'foreign table',
  'composite type',
]);

function lonelyRelation(left: CatalogueObject | undefined, right: CatalogueObject | undefined): string[] {
  const object = left ?? right;
  if (!object || (left && right) || !RELATIONS.has(object.kind)) return [];
  return [object.name];
}

/** Whether it is a part of one of the relations. */
export function belongsToAny(object: CatalogueObject, relations: ReadonlySet<string>): boolean {
  if (relations.size === 0) return false;
  if (object.kind === 'column') return [...relations].some((name) => object.name.startsWith(`${name}.`));
  if (object.kind === 'index') return relations.has(object.aspects['table'] ?? '');
  const on = object.name.lastIndexOf(' on ');
  return on >= 0 && object.kind !== 'comment' && relations.has(object.name.slice(on + 4));
}
