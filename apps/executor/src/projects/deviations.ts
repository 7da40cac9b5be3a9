import type { SqlStatement } from '#shared/projects/migration-file.js';
import { belongsToAny, differingPairs, RELATIONS, type Pair } from '../postgres/catalogue/compare-structures.js';
import { objectKey, type CatalogueObject, type Structure } from '../postgres/catalogue/structure.js';

/** An object that a change of ours found otherwise than our last one had left it: somebody else's doing. */
export interface Deviation {
  /** Absent when it was made by somebody else. */
  readonly left?: CatalogueObject;
  /** Absent when somebody else dropped it. */
  readonly found?: CatalogueObject;
}

/** What the scripts of a change say, as far as it decides whose doing an object is from now on. */
export interface ChangeStatements {
  readonly run: readonly SqlStatement[];
  /** Of versions that are recorded as applied: what they would make stands there and is meant. */
  readonly faked: readonly SqlStatement[];
}

export function deviationsOf(left: Structure, found: Structure): Deviation[] {
  return differingPairs(left, found).map(deviation);
}

/**
 * The structure as it would be without the deviations that still stand in it: recorded as what our change left, they stay
 * drift until they are gone.
 */
export function withoutDeviations({ major, objects }: Structure, deviations: readonly Deviation[]): Structure {
  const expected = new Map(objects);
  for (const { left, found } of deviations) {
    const object = left ?? found;
    if (object === undefined) continue;
    const key = objectKey(object);
    const now = objects.get(key);
    if (left === undefined) expected.delete(key);
    else if (found === undefined) expected.set(key, now ?? left);
    // Dropped since, by our change.
    else if (now !== undefined) expected.set(key, { ...now, aspects: aspectsWithout(now, { left, found }) });
  }
  return { major, objects: expected };
}

/**
 * Those that stay somebody else's. What a script names that makes or drops it is that script's from now on, with all its
 * parts: `create table if not exists`. A faked script says so of every table that it names.
 */
export function unnamed(
  deviations: readonly Deviation[],
  { run, faked }: ChangeStatements,
  live: Structure,
): Deviation[] {
  // The usual case; the scripts may hold millions of words.
  if (deviations.length === 0) return [];
  const [inFaked, inAny] = [wordsOf(faked), wordsOf([...run, ...faked])];
  const lonely = deviations.flatMap(({ left, found }) => (left && found ? [] : (left ?? found ?? [])));
  const named = new Set([...relationsIn(lonely, inAny), ...relationsIn([...live.objects.values()], inFaked)]);
  return deviations.filter(({ left, found }) => {
    const object = left ?? found;
    if (object === undefined || named.has(object.name) || belongsToAny(object, named)) return false;
    return !(left && found ? inFaked : inAny).has(ownName(object));
  });
}

function deviation({ left, right }: Pair): Deviation {
  return { ...(left === undefined ? {} : { left }), ...(right === undefined ? {} : { found: right }) };
}

/** What somebody else changed and nobody has changed since is as it was left. */
function aspectsWithout(
  now: CatalogueObject,
  { left, found }: { readonly left: CatalogueObject; readonly found: CatalogueObject },
): Record<string, string> {
  const aspects = { ...now.aspects };
  for (const name of new Set([...Object.keys(left.aspects), ...Object.keys(found.aspects)])) {
    const [before, changed] = [left.aspects[name], found.aspects[name]];
    if (before === changed || aspects[name] !== changed) continue;
    if (before === undefined) Reflect.deleteProperty(aspects, name);
    else aspects[name] = before;
  }
  return aspects;
}

function relationsIn(objects: readonly CatalogueObject[], words: ReadonlySet<string>): string[] {
  return objects.filter((object) => RELATIONS.has(object.kind) && words.has(ownName(object))).map(({ name }) => name);
}

/** `total` of the column `public.orders.total`, `audit` of the trigger `audit on public.orders`, `f` of `public.f(int)`. */
function ownName({ name }: CatalogueObject): string {
  const [full = ''] = name.split(/ on |\(/);
  const [, quoted, plain = ''] = /(?:"((?:[^"]|"")*)"|([^."]+))$/.exec(full) ?? [];
  return quoted?.replaceAll('""', '"') ?? plain;
}

/** Every text in the parse trees: names and the like. */
function wordsOf(statements: readonly SqlStatement[]): Set<string> {
  const words = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node === 'string') words.add(node);
    else if (typeof node === 'object' && node !== null) Object.values(node).forEach(visit);
  };
  for (const { tree } of statements) visit(tree);
  return words;
}
