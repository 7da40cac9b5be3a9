import type { AclItem } from './acl.js';
import { formatAcl } from './acl.js';
import type { CatalogueObject } from './structure.js';

/**
 * Kinds whose definition each major writes in its own words, and that say the same with other means: their existence,
 * columns, owner and grants are compared, their text is not.
 */
const REWORDED = new Set([
  'view',
  'materialized view',
  'rule',
  'collation',
  'aggregate',
  'operator',
  'operator family',
  'operator class',
]);

/** Aspects that only exist, or mean something else, on one of two majors. */
const MAJOR_BOUND: Readonly<Record<string, readonly string[]>> = {
  extension: ['version'],
  database: ['locale', 'icu rules'],
  column: ['compression', 'storage'],
  'range type': ['multirange'],
};

/**
 * What of an object may be compared between servers of different majors; undefined when nothing may. Between equal
 * majors everything is compared. Facts: 18 catalogues NOT NULL as constraints, 17 grants `maintain`, views deparse
 * differently in each major, an extension has the version its server ships.
 */
export function comparableAcrossMajors(
  object: CatalogueObject,
  majors: readonly [number, number],
): CatalogueObject | undefined {
  if (majors[0] === majors[1]) return object;
  if (object.kind === 'not-null constraint') return undefined;
  const left = new Set(MAJOR_BOUND[object.kind] ?? []);
  if (REWORDED.has(object.kind))
    for (const aspect of ['definition', 'aggregate', 'operators', 'functions']) left.add(aspect);
  const aspects: Record<string, string> = {};
  for (const [aspect, text] of Object.entries(object.aspects)) {
    if (left.has(aspect)) continue;
    aspects[aspect] = LOOSE.has(aspect) ? loosen(text) : text;
  }
  const acl = object.ownership?.acl;
  if (acl && Math.min(...majors) < 17) {
    const grants = formatAcl(withoutMaintain(acl));
    if (grants === '') delete aspects['grants'];
    else aspects['grants'] = grants;
  }
  return { ...object, aspects };
}

const LOOSE = new Set(['definition', 'default', 'using', 'check', 'constraints', 'partition bound']);

/** Parentheses and blanks are where majors differ in writing one expression. */
function loosen(text: string): string {
  return text.replaceAll(/[()\s]+/g, ' ').trim();
}

/** Also used before granting: a server below 17 does not know the word. */
export function withoutMaintain(acl: readonly AclItem[]): AclItem[] {
  return acl
    .map((item) => ({ ...item, privileges: item.privileges.filter((privilege) => !privilege.startsWith('m')) }))
    .filter(({ privileges }) => privileges.length > 0);
}
