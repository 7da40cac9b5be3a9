import type { ProjectDefinition } from '../contracts/projects.js';
import type { MigrationFile, ProjectProblem } from './migration-file.js';
import { aliasOfApp, relationKey, routeOf, type TableRoute } from './router.js';
import type { ScriptHeader } from './sql/header.js';
import type { TouchedRelation } from './sql/touched-relations.js';

/** A migration before it is known on which database it works. */
export interface Unhoused extends Omit<MigrationFile, 'home' | 'touches'> {
  readonly header: ScriptHeader;
  /** Of all its scripts. */
  readonly touched: readonly TouchedBy[];
  /** Relations that live where their tables live: views, indexes, sequences, partitions. */
  readonly makes: readonly string[];
}

/** A relation that a script of a migration names, and which one. */
export interface TouchedBy extends TouchedRelation {
  readonly path: string;
}

export interface Homes {
  /** Alias by id. */
  readonly homes: ReadonlyMap<string, string>;
  readonly problems: readonly ProjectProblem[];
}

interface Housing {
  readonly definition: ProjectDefinition;
  /** App by key of the table that it makes. */
  readonly tableMakers: ReadonlyMap<string, string>;
  /** Id by key of the view, index, sequence or partition that it makes. */
  readonly otherMakers: ReadonlyMap<string, string>;
  readonly homes: Map<string, string>;
  readonly problems: ProjectProblem[];
}

/** The one database of each migration: that of all tables it touches. One that touches tables of two is refused. */
export function homesOf(definition: ProjectDefinition, ordered: readonly Unhoused[]): Homes {
  const housing: Housing = {
    definition,
    tableMakers: tableMakersOf(ordered),
    otherMakers: firstMakers(
      ordered,
      ({ makes }) => makes,
      ({ id }) => id,
    ),
    homes: new Map(),
    problems: [],
  };
  for (const migration of ordered) housing.homes.set(migration.id, homeOf(housing, migration));
  return { homes: housing.homes, problems: housing.problems };
}

/** App by key of each table that a migration makes; the first one that makes it counts. */
export function tableMakersOf(ordered: readonly Pick<MigrationFile, 'app' | 'creates'>[]): ReadonlyMap<string, string> {
  return firstMakers(
    ordered,
    ({ creates }) => creates,
    ({ app }) => app,
  );
}

function firstMakers<T>(
  ordered: readonly T[],
  made: (one: T) => readonly string[],
  maker: (one: T) => string,
): ReadonlyMap<string, string> {
  const makers = new Map<string, string>();
  for (const one of ordered)
    for (const name of made(one).map(relationKey)) if (!makers.has(name)) makers.set(name, maker(one));
  return makers;
}

interface Housed {
  readonly table: string;
  readonly path: string;
  readonly line?: number;
  readonly database: string;
  readonly why: string;
}

function homeOf(housing: Housing, migration: Unhoused): string {
  const { definition, problems } = housing;
  const asked = askedFor(definition, migration, problems);
  const tables = housedTables(housing, migration);
  const first = asked ?? tables[0];
  if (first === undefined) return aliasOfApp(definition, migration.app) ?? definition.router.default;
  const stranger = tables.find(({ database }) => database !== first.database);
  if (stranger !== undefined) problems.push(twoHomes(first, stranger));
  return first.database;
}

function askedFor(
  { databases }: ProjectDefinition,
  { header, up }: Unhoused,
  problems: ProjectProblem[],
): Housed | undefined {
  if (header.database === undefined) return undefined;
  const { text: database, line } = header.database;
  const known = databases.map(({ alias }) => alias);
  if (known.includes(database)) return { table: 'all of it', path: up.path, line, database, why: 'its header says so' };
  problems.push({
    path: up.path,
    line,
    message: `"${database}" is no alias of a database; known: ${known.join(', ')}`,
  });
  return undefined;
}

function housedTables(housing: Housing, { id, up, touched, creates }: Unhoused): Housed[] {
  const known = new Set(touched.map(({ name }) => name));
  // A new name after RENAME is no relation that a script speaks of; it is one that it makes.
  const renamed = creates.filter((name) => !known.has(name));
  const all = [...touched, ...renamed.map((name) => ({ name, kind: 'table' as const, path: up.path }))];
  return all.flatMap((relation) => housed(housing, id, relation) ?? []);
}

type Mentioned = Pick<TouchedBy, 'name' | 'kind' | 'path'> & { readonly line?: number };

/** Where a relation lives; undefined when it tells nothing, because it lives wherever the migration does. */
function housed(
  { definition, tableMakers, otherMakers, homes }: Housing,
  id: string,
  named: Mentioned,
): Housed | undefined {
  const { name: table, kind, ...place } = named;
  const route = routeOf(definition, table, tableMakers);
  const byRoute = { table, ...place, database: route.database, why: whyOf(route) };
  if (route.because === 'rule') return byRoute;
  const maker = otherMakers.get(relationKey(table));
  if (maker === id) return undefined;
  const database = maker === undefined ? undefined : homes.get(maker);
  if (database !== undefined) return { table, ...place, database, why: `with what ${maker ?? ''} makes` };
  // What a function names may be a table of its trigger's that is none: only what somebody makes is one for certain.
  return kind === 'other' || (kind === 'mentioned' && route.because === 'default') ? undefined : byRoute;
}

/** In words, to stand behind the name of a database. */
export function whyOf({ because, rule, app }: TableRoute): string {
  switch (because) {
    case 'rule':
      return `by the rule ${rule?.match ?? ''}`;
    case 'app':
      return `like all of ${app ?? 'its app'}`;
    case 'maker':
      return 'with the migration that makes it';
    case 'default':
      return 'by default';
  }
}

function twoHomes(one: Housed, other: Housed): ProjectProblem {
  return {
    path: other.path,
    ...(other.line === undefined ? {} : { line: other.line }),
    message:
      `${one.table} lives in ${one.database} (${one.why}) and ${other.table} in ${other.database} (${other.why}); ` +
      'a transaction stays in one database: write a migration for each, and keep ids without a foreign key',
  };
}
