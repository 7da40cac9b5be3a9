/** What one role was granted by another: `acme=r*w/postgres` is `{grantee: 'acme', privileges: ['r*', 'w'], grantor: 'postgres'}`. */
export interface AclItem {
  /** Empty for PUBLIC. */
  readonly grantee: string;
  readonly grantor: string;
  /** One letter each, followed by `*` when it may be passed on; sorted. */
  readonly privileges: readonly string[];
}

/** Letters of PostgreSQL's access lists and the words of `grant`. */
export const PRIVILEGES: Readonly<Record<string, string>> = {
  a: 'insert',
  r: 'select',
  w: 'update',
  d: 'delete',
  D: 'truncate',
  x: 'references',
  t: 'trigger',
  m: 'maintain',
  X: 'execute',
  U: 'usage',
  C: 'create',
  c: 'connect',
  T: 'temporary',
  s: 'set',
  A: 'alter system',
};

/**
 * Reads one `aclitem` as PostgreSQL prints it. Names that hold more than letters, digits and `_` are quoted there.
 * @throws RangeError when the text is not an aclitem.
 */
export function parseAclItem(text: string): AclItem {
  const grantee = readName(text, 0);
  if (text[grantee.end] !== '=') throw new RangeError(`"${text}" is not an aclitem`);
  const slash = text.indexOf('/', grantee.end);
  const privileges = text.slice(grantee.end + 1, slash).match(/[A-Za-z]\*?/g) ?? [];
  return {
    grantee: grantee.name,
    grantor: slash < 0 ? '' : readName(text, slash + 1).name,
    privileges: [...privileges].sort(),
  };
}

/** Access list with roles renamed; grants that become the same are merged, empty ones vanish, order is fixed. */
export function mapAcl(items: readonly AclItem[], mapRole: (role: string) => string): AclItem[] {
  const merged = new Map<string, AclItem>();
  for (const item of items) {
    const grantee = item.grantee === '' ? '' : mapRole(item.grantee);
    const grantor = mapRole(item.grantor);
    const key = JSON.stringify([grantee, grantor]);
    const privileges = [...(merged.get(key)?.privileges ?? []), ...item.privileges];
    merged.set(key, { grantee, grantor, privileges: strongest(privileges) });
  }
  return [...merged.values()].filter(({ privileges }) => privileges.length > 0).sort(byRoles);
}

/** For people and for comparing: `PUBLIC=U/acme, app=rw*`. */
export function formatAcl(items: readonly AclItem[]): string {
  return items
    .map(({ grantee, grantor, privileges }) => `${grantee || 'PUBLIC'}=${privileges.join('')}/${grantor}`)
    .join(', ');
}

function strongest(privileges: readonly string[]): string[] {
  const grantable = new Set(privileges.filter((privilege) => privilege.endsWith('*')));
  return [...new Set(privileges.filter((privilege) => !grantable.has(`${privilege}*`)))].sort();
}

function byRoles(a: AclItem, b: AclItem): number {
  const [left, right] = [JSON.stringify([a.grantee, a.grantor]), JSON.stringify([b.grantee, b.grantor])];
  return left < right ? -1 : Number(left > right);
}

function readName(text: string, start: number): { name: string; end: number } {
  if (text[start] !== '"') {
    const match = /^[^=/]*/.exec(text.slice(start));
    const name = match?.[0] ?? '';
    return { name, end: start + name.length };
  }
  let name = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== '"') name += text[at] ?? '';
    else if (text[at + 1] === '"') name += text[at++] ?? '';
    else return { name, end: at + 1 };
  }
  throw new RangeError(`"${text}" is not an aclitem`);
}
