import { quoteIdentifier } from '#shared/database/identifier.js';
import { formatAcl, mapAcl, PRIVILEGES, type AclItem } from './catalogue/acl.js';

export interface GrantChange {
  /** As `grant … on` names it: `table "public"."orders"`, `database "acme"`. */
  readonly on: string;
  /** Of the object, after the change; its own grants need no `set role`. */
  readonly owner: string;
  readonly current: readonly AclItem[];
  readonly desired: readonly AclItem[];
  /** Quoted name, when the grants are those of one column. */
  readonly column?: string;
  /** Grant even when nothing differs, because something else took the grants away. */
  readonly anew?: boolean;
}

/**
 * Statements that turn the current grants of one object into the desired ones, grantors included; none when they agree.
 * An object that differs is stripped and granted anew: a single `revoke` may take grants along that were passed on.
 * Run them in one transaction.
 */
export function grantStatements(change: GrantChange): string[] {
  if (!change.anew && formatAcl(inFixedOrder(change.current)) === formatAcl(inFixedOrder(change.desired))) return [];
  const grantees = [...new Set(change.current.map(({ grantee }) => grantee))];
  const revokes = grantees.map((grantee) => {
    const privileges = change.column === undefined ? 'all' : `all (${change.column})`;
    return `revoke ${privileges} on ${change.on} from ${roleClause(grantee)} cascade`;
  });
  return [...revokes, ...inGrantOrder(change).flatMap((item) => grantItem(change, item))];
}

function inFixedOrder(items: readonly AclItem[]): AclItem[] {
  return mapAcl(items, (role) => role);
}

/** Who passes a grant on must hold it first, so the owner's grants come before those they make possible. */
function inGrantOrder({ owner, desired }: GrantChange): AclItem[] {
  const able = new Set([owner]);
  const ordered: AclItem[] = [];
  let left = [...desired];
  while (left.length > 0) {
    const next = left.filter(({ grantor }) => able.has(grantor));
    // A grantor that holds nothing itself cannot be helped; its grants are tried last and fail by name.
    if (next.length === 0) return [...ordered, ...left];
    ordered.push(...next);
    for (const { grantee } of next) able.add(grantee);
    left = left.filter((item) => !next.includes(item));
  }
  return ordered;
}

function grantItem({ on, owner, column }: GrantChange, item: AclItem): string[] {
  const plain = item.privileges.filter((privilege) => !privilege.endsWith('*'));
  const passedOn = item.privileges.filter((privilege) => privilege.endsWith('*'));
  const statements = [grantOf(plain, ''), grantOf(passedOn, ' with grant option')].flat();
  if (item.grantor === owner || statements.length === 0) return statements;
  return [`set role ${quoteIdentifier(item.grantor)}`, ...statements, 'reset role'];

  function grantOf(privileges: readonly string[], option: string): string[] {
    const words = privileges.map((privilege) => PRIVILEGES[privilege.charAt(0)]).filter((word) => word !== undefined);
    if (words.length === 0) return [];
    const list = words.map((word) => (column === undefined ? word : `${word} (${column})`)).join(', ');
    return [`grant ${list} on ${on} to ${roleClause(item.grantee)}${option}`];
  }
}

/** `public` when the grantee is everybody. */
export function roleClause(grantee: string): string {
  return grantee === '' ? 'public' : quoteIdentifier(grantee);
}
