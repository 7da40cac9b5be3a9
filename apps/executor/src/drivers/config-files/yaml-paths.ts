import { isMap, isPair, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';

/** A value of a YAML file with the pair that holds it; an item of a list has none. */
export interface FoundValue {
  readonly value: unknown;
  readonly pair?: Pair;
  readonly map?: YAMLMap;
  /** How many segments of the path its own key is made of: two for `datasource.url: x` below `spring:`. */
  readonly keySegments: number;
}

/** Segments of `/spring/datasource/url` (a JSON pointer) or of `spring.datasource.url`. */
export function segmentsOf(path: string): string[] {
  if (!path.startsWith('/')) return path.split('.');
  return path
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * Everything that a path may mean: with dots, one key may stand for several segments, as Spring reads
 * `spring.datasource: {url: x}`. Aliases and merges are not followed: what they bring is written elsewhere.
 */
export function findValues(root: Node | null, path: string): FoundValue[] {
  return descend(root, segmentsOf(path), !path.startsWith('/'));
}

function descend(node: unknown, segments: readonly string[], joinable: boolean): FoundValue[] {
  const longest = joinable ? segments.length : 1;
  const counts = Array.from({ length: longest }, (_, index) => index + 1);
  return counts.flatMap((count) => {
    const key = segments.slice(0, count).join('.');
    const rest = segments.slice(count);
    return childrenOf(node, key).flatMap((found) =>
      rest.length === 0 ? [{ ...found, keySegments: count }] : descend(found.value, rest, joinable),
    );
  });
}

function childrenOf(node: unknown, key: string): Omit<FoundValue, 'keySegments'>[] {
  if (isSeq(node)) return /^\d+$/.test(key) && node.items[Number(key)] ? [{ value: node.items[Number(key)] }] : [];
  if (!isMap(node)) return [];
  return node.items
    .filter((pair) => isPair(pair) && isScalar(pair.key) && String(pair.key.value) === key)
    .map((pair) => ({ value: pair.value, pair, map: node }));
}
