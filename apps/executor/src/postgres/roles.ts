import { quoteIdentifier, quoteLiteral } from '#shared/database/identifier.js';
import type { RoleFact } from '#shared/contracts/steps/database-facts.js';
import { bootstrapRole, type MoveRoles } from './role-map.js';
import { runTexts } from './run-texts.js';
import { inTransaction, type Session } from './session.js';

/** Comment of roles that only stand for a name while a dump is restored. */
const PLACEHOLDER = 'rehome placeholder';

export interface RolesToCreate extends MoveRoles {
  /** Every role the source's database mentions, see `DatabaseFacts.roles`. */
  readonly roles: readonly RoleFact[];
  /** What the server is to store of the password of `role`, when it has to be created; absent: none. */
  readonly verifier?: string;
}

/**
 * Creates the roles that a restore will name and that are missing: the application's with its password, the others without
 * one, superusers as ordinary roles, and a placeholder where the source's owner is called otherwise here. Memberships only
 * among the created. What exists is left as it is. May be repeated.
 * @returns names of the roles it created.
 */
export async function createMissingRoles(session: Session, wanted: RolesToCreate): Promise<string[]> {
  const facts = new Map(wanted.roles.map((fact) => [fact.name, fact]));
  const names = new Set([wanted.role, wanted.sourceOwner, ...facts.keys()]);
  const missing = await missingRoles(session, [...names]);
  const statements = missing.flatMap((name) => createStatements(name, facts, wanted));
  await inTransaction(session, async () => {
    for (const statement of statements) await session.query(statement);
    for (const name of missing) {
      const parents = facts.get(name === wanted.role ? wanted.sourceOwner : name)?.memberOf ?? [];
      for (const parent of parents.filter((candidate) => missing.includes(candidate))) {
        await session.query(`grant ${quoteIdentifier(parent)} to ${quoteIdentifier(name)}`);
      }
    }
  });
  return missing;
}

/**
 * Drops roles that `createMissingRoles` created, for its undo. One that something depends on by now is left.
 * @returns names of those that were left.
 */
export async function dropCreatedRoles(session: Session, created: readonly string[]): Promise<string[]> {
  const left: string[] = [];
  for (const name of created) {
    try {
      await session.query(`drop role if exists ${quoteIdentifier(name)}`);
    } catch (error) {
      if (!isDependencyError(error)) throw error;
      left.push(name);
    }
  }
  return left;
}

/**
 * Gives user mappings of the placeholder to the role, and drops the placeholder when nothing names it any more.
 * Call it in the target database after `privilegeStatements` were run. May be repeated.
 */
export async function dropPlaceholder(
  session: Session,
  { sourceOwner, role }: MoveRoles,
  signal: AbortSignal,
): Promise<void> {
  if (sourceOwner === role) return;
  await runTexts(session, await userMappingStatements(session, { sourceOwner, role }), signal);
  const { rows } = await session.query(
    `select from pg_roles r where r.rolname = $1 and not r.rolcanlogin and shobj_description(r.oid, 'pg_authid') = $2`,
    [sourceOwner, PLACEHOLDER],
  );
  // Another move to the same server may stand on it: then its drop is the one that works.
  if (rows.length > 0) await dropCreatedRoles(session, [sourceOwner]);
}

function createStatements(name: string, facts: ReadonlyMap<string, RoleFact>, wanted: RolesToCreate): string[] {
  const quoted = quoteIdentifier(name);
  if (name === wanted.role) {
    const fact = facts.get(wanted.sourceOwner);
    const password = wanted.verifier === undefined ? '' : ` password ${quoteLiteral(wanted.verifier)}`;
    return [`create role ${quoted} ${attributes(fact ?? DEFAULT_LOGIN)}${password}`];
  }
  if (name === wanted.sourceOwner) {
    return [`create role ${quoted} nologin`, `comment on role ${quoted} is ${quoteLiteral(PLACEHOLDER)}`];
  }
  const fact = facts.get(name);
  return fact ? [`create role ${quoted} ${attributes(fact)}`] : [];
}

const DEFAULT_LOGIN = { canLogin: true, inherit: true, bypassRls: false, connectionLimit: -1 };

function attributes(fact: Pick<RoleFact, 'canLogin' | 'inherit' | 'bypassRls' | 'connectionLimit'>): string {
  return [
    fact.canLogin ? 'login' : 'nologin',
    fact.inherit ? 'inherit' : 'noinherit',
    ...(fact.bypassRls ? ['bypassrls'] : []),
    ...(fact.connectionLimit === -1 ? [] : [`connection limit ${String(fact.connectionLimit)}`]),
  ].join(' ');
}

/** Those that the server does not have; PostgreSQL's own excepted. */
export async function missingRoles(session: Session, names: readonly string[]): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select wanted.name from unnest($1::text[]) with ordinality as wanted (name, position)
     where not exists (select from pg_roles r where r.rolname = wanted.name) and wanted.name !~ '^pg_'
     order by wanted.position`,
    [names],
  );
  return rows.map(({ name }) => name);
}

async function userMappingStatements(session: Session, { sourceOwner, role }: MoveRoles): Promise<string[]> {
  const { rows } = await session.query<{ server: string; options: string[] | null }>(
    `select srvname as server, umoptions as options from pg_user_mappings where usename = $1`,
    [sourceOwner],
  );
  return rows.map(({ server, options }) => {
    const on = `server ${quoteIdentifier(server)}`;
    const list = (options ?? []).map((option) => {
      const equals = option.indexOf('=');
      return `${quoteIdentifier(option.slice(0, equals))} ${quoteLiteral(option.slice(equals + 1))}`;
    });
    return [
      `create user mapping if not exists for ${quoteIdentifier(role)} ${on}${list.length > 0 ? ` options (${list.join(', ')})` : ''}`,
      `drop user mapping for ${quoteIdentifier(sourceOwner)} ${on}`,
    ].join(';\n');
  });
}

/** 2BP01: something still depends on the role. */
function isDependencyError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '2BP01';
}

/** A superuser without login under the source's bootstrap name, where the target's is called otherwise: only superusers may own event triggers. */
export async function createBootstrapPlaceholder(session: Session, sourceBootstrap: string): Promise<string[]> {
  if ((await bootstrapRole(session)) === sourceBootstrap) return [];
  if ((await missingRoles(session, [sourceBootstrap])).length === 0) return [];
  const quoted = quoteIdentifier(sourceBootstrap);
  await session.query(
    `create role ${quoted} nologin superuser; comment on role ${quoted} is ${quoteLiteral(PLACEHOLDER)}`,
  );
  return [sourceBootstrap];
}
