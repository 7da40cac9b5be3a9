/** Reading of parse nodes, which are plain JSON: nothing here fails, what is not there is absent. */
export type Tree = Readonly<Record<string, unknown>>;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The node below `key`, or below several keys one after the other. */
export function nodeAt(tree: unknown, ...keys: readonly string[]): Tree | undefined {
  let node: unknown = tree;
  for (const key of keys) node = isTree(node) ? node[key] : undefined;
  return isTree(node) ? node : undefined;
}

export function textAt(tree: unknown, key: string): string | undefined {
  const value = isTree(tree) ? tree[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

export function listAt(tree: unknown, key: string): readonly unknown[] {
  const value = isTree(tree) ? tree[key] : undefined;
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function flagAt(tree: unknown, key: string): boolean {
  return isTree(tree) && tree[key] === true;
}

/** Names of a list of String nodes: `{List: {items: [{String: {sval}}]}}` or the items themselves. */
export function namesIn(value: unknown): string[] {
  const items = Array.isArray(value) ? (value as readonly unknown[]) : listAt(nodeAt(value, 'List') ?? value, 'items');
  return items.flatMap((item) => textAt(nodeAt(item, 'String'), 'sval') ?? []);
}
