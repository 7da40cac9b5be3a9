import { quoteIdentifier } from '#shared/database/identifier.js';
import { withoutMaintain } from './catalogue/known-differences.js';
import type { AclItem } from './catalogue/acl.js';
import type { LargeObjectGroup } from './catalogue/large-object-owners.js';
import { objectKey, type CatalogueObject, type Structure } from './catalogue/structure.js';
import { grantStatements } from './grants.js';

/**
 * How owners, grants and policy roles come over, and why this way.
 *
 * A dump names roles: in owners, grants, default privileges, policies and user mappings. It is restored *with* owners and
 * grants, by a superuser, so that a materialized view is refreshed and an index over a function is built with the rights
 * of its owner; restored without, the administrator would own everything and run the tenant's code as superuser. For that,
 * every role the dump names must exist at the target. `create-database` makes the missing ones; where the source's owner
 * is called otherwise at the target, a placeholder without login stands in for it (see `placeholders.ts`). Afterwards
 * these statements, made from what differs between both catalogues, turn placeholder into role, and the placeholder is
 * dropped. They are right from any start: after a restore without owners and grants they set everything, run twice they
 * are empty.
 *
 * `source` is read with the role map, `target` without. Each text holds the statements of one object and is run as one,
 * see `runTexts`; all of 2,000 tables in one transaction would fill the server's lock table.
 */
export function privilegeStatements(source: Structure, target: Structure): string[] {
  const regranted = new Set<string>();
  const groups: string[][] = [];
  // Tables before columns: revoking from a table takes the grants on its columns along, so these are granted anew.
  for (const wanted of columnsLast(source)) {
    const found = target.objects.get(objectKey(wanted));
    if (wanted.kind === 'default privileges') groups.push(defaultPrivileges(wanted, found));
    else if (wanted.kind.startsWith(SHIPPED)) groups.push(shippedGrants(wanted, found));
    else if (found) groups.push(objectPrivileges(wanted, found, { major: target.major, regranted }));
  }
  for (const [key, found] of target.objects) {
    if (source.objects.has(key)) continue;
    if (found.kind === 'default privileges') groups.push(defaultPrivileges(undefined, found));
    // A fresh database brings along what the source may have dropped.
    if (key === 'schema public') groups.push(['drop schema public restrict']);
    if (key === 'extension plpgsql') groups.push(['drop extension plpgsql restrict']);
  }
  return groups.filter((group) => group.length > 0).map((group) => group.join(';\n'));
}

const SHIPPED = 'grants on shipped';

function columnsLast(structure: Structure): CatalogueObject[] {
  const objects = [...structure.objects.values()];
  const first = objects.filter(({ kind }) => kind === 'schema');
  const last = objects.filter(({ kind }) => kind === 'column');
  return [...first, ...objects.filter(({ kind }) => kind !== 'schema' && kind !== 'column'), ...last];
}

/** Statements for large objects, thousands in one text; the catalogue reads them in groups. */
export function largeObjectStatements(
  source: readonly LargeObjectGroup[],
  target: readonly LargeObjectGroup[],
): string[] {
  const now = new Map(target.flatMap((group) => group.ids.map((id) => [id, group] as const)));
  return source.flatMap((wanted) => {
    const statements = wanted.ids.flatMap((id) => {
      const found = now.get(id);
      if (!found) return [];
      const on = `large object ${String(id)}`;
      const owned = found.owner === wanted.owner ? [] : [`alter ${on} owner to ${quoteIdentifier(wanted.owner)}`];
      const current = ownerRenamed(found.acl, found.owner, wanted.owner);
      return [...owned, ...grantStatements({ on, owner: wanted.owner, current, desired: wanted.acl })];
    });
    return inPortions(statements);
  });
}

const STATEMENTS_PER_TEXT = 500;

function inPortions(statements: readonly string[]): string[] {
  const portions: string[] = [];
  for (let start = 0; start < statements.length; start += STATEMENTS_PER_TEXT) {
    portions.push(statements.slice(start, start + STATEMENTS_PER_TEXT).join(';\n'));
  }
  return portions;
}

interface Regranting {
  readonly major: number;
  /** Clauses of tables whose grants were made anew. */
  readonly regranted: Set<string>;
}

function objectPrivileges(wanted: CatalogueObject, found: CatalogueObject, regranting: Regranting): string[] {
  return [
    ...ownerStatement(wanted, found),
    ...aclStatements(wanted, found, regranting),
    ...policyStatement(wanted, found),
  ];
}

function ownerStatement(wanted: CatalogueObject, found: CatalogueObject): string[] {
  const owner = wanted.ownership?.owner;
  if (owner === undefined || wanted.kind === 'column' || owner === found.ownership?.owner) return [];
  // A column's sequence follows its table; PostgreSQL refuses to change its owner alone.
  if (found.aspects['owned by'] !== undefined) return [];
  const clause = (wanted.ownership?.clause ?? '').replace(/^foreign server /, 'server ');
  return [`alter ${clause} owner to ${quoteIdentifier(owner)}`];
}

function aclStatements(wanted: CatalogueObject, found: CatalogueObject, regranting: Regranting): string[] {
  const [left, right] = [wanted.ownership, found.ownership];
  if (!left?.acl || !right?.acl || left.owner === undefined || right.owner === undefined) return [];
  const statements = grantStatements({
    on: tableClause(left.clause),
    owner: left.owner,
    // PostgreSQL rewrites the grants when the owner changes, which has happened by then.
    current: ownerRenamed(right.acl, right.owner, left.owner),
    desired: regranting.major < 17 ? withoutMaintain(left.acl) : left.acl,
    ...(left.column === undefined ? {} : { column: left.column, anew: regranting.regranted.has(left.clause) }),
  });
  if (statements.length > 0 && left.column === undefined) regranting.regranted.add(tableClause(left.clause));
  return statements;
}

/** As the columns of a view name it. */
function tableClause(clause: string): string {
  return clause.replace(/^(?:view|materialized view|foreign table) /, 'table ');
}

/** As PostgreSQL does when an object changes hands: the old owner's grants and grantors become the new owner's. */
function ownerRenamed(acl: readonly AclItem[], from: string, to: string): AclItem[] {
  if (from === to) return [...acl];
  const renamed = (role: string): string => (role === from ? to : role);
  return acl.map((item) => ({ ...item, grantee: renamed(item.grantee), grantor: renamed(item.grantor) }));
}

function policyStatement(wanted: CatalogueObject, found: CatalogueObject): string[] {
  const roles = wanted.roles?.['roles'];
  if (wanted.kind !== 'policy' || !wanted.ownership || !roles || wanted.aspects['roles'] === found.aspects['roles'])
    return [];
  const list = roles.map((role) => (role === 'public' ? 'public' : quoteIdentifier(role))).join(', ');
  return [`alter ${wanted.ownership.clause} to ${list}`];
}

function shippedGrants(wanted: CatalogueObject, found: CatalogueObject | undefined): string[] {
  const { ownership } = wanted;
  if (!ownership?.acl || (found && wanted.aspects['grants'] === found.aspects['grants'])) return [];
  const current = found?.ownership?.acl ?? [];
  const grants = grantStatements({ on: ownership.clause, owner: '', current, desired: ownership.acl });
  return [`revoke all on ${ownership.clause} from public`, ...grants];
}

/** Who gets what on later objects of a role. Without an entry PostgreSQL's own defaults hold. */
function defaultPrivileges(wanted: CatalogueObject | undefined, found: CatalogueObject | undefined): string[] {
  const ownership = wanted?.ownership ?? found?.ownership;
  if (ownership?.owner === undefined) return [];
  const { owner, clause: on, column: schema } = ownership;
  const prefix = `alter default privileges for role ${quoteIdentifier(owner)}${schema === undefined ? '' : ` in schema ${schema}`}`;
  const defaults = builtInDefaults(on, owner, schema !== undefined);
  const current = found?.ownership?.acl ?? defaults;
  const desired = wanted?.ownership?.acl ?? defaults;
  return grantStatements({ on, owner, current, desired }).map((statement) => `${prefix} ${statement}`);
}

const OWNER_DEFAULTS: Readonly<Record<string, string>> = {
  tables: 'adDrtwx',
  sequences: 'rUw',
  functions: 'X',
  types: 'U',
  schemas: 'CU',
};

function builtInDefaults(on: string, owner: string, inSchema: boolean): AclItem[] {
  if (inSchema) return [];
  const own = { grantee: owner, grantor: owner, privileges: [...(OWNER_DEFAULTS[on] ?? '')] };
  const everybody = on === 'functions' ? ['X'] : on === 'types' ? ['U'] : [];
  return everybody.length > 0 ? [{ grantee: '', grantor: owner, privileges: everybody }, own] : [own];
}
