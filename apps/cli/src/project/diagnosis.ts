import type { ProjectDatabase } from '#shared/contracts/projects.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { whyOf } from '#shared/projects/migration-home.js';
import { routeTable } from '#shared/projects/route-table.js';
import { relationKey } from '#shared/projects/router.js';
import { fullName } from '#shared/projects/version-words.js';
import type { ErrorKind, RecognisedError } from './error-patterns.js';

/** What an error means for a project. */
export interface Diagnosis {
  readonly kind: ErrorKind;
  readonly object: string;
  /** Alias of the database that should hold the object. */
  readonly database: string | null;
  readonly because: string | null;
  /** `app/version_name` that makes it; null when none does. */
  readonly migration: string | null;
  /** Aliases where it is right that it is not there. */
  readonly absentOn: readonly string[];
  /** Seen where it is right that it is not there: nothing is missing, the question was put to the wrong database. */
  readonly expected: boolean;
  /** What happened, as far as the files tell. */
  readonly why: string;
  /** What to run or to change, in order. */
  readonly run: readonly string[];
}

interface Case {
  readonly project: LoadedProject;
  readonly error: RecognisedError;
  /** Alias of the database at which it was seen. */
  readonly seenOn?: string;
}

/** @param seenOn alias of the database at which the error was seen, where that is known */
export function diagnose(project: LoadedProject, error: RecognisedError, seenOn?: string): Diagnosis {
  const asked: Case = { project, error, ...(seenOn === undefined ? {} : { seenOn }) };
  switch (error.kind) {
    case 'missing-relation':
    case 'missing-column':
    case 'relation-there-already':
    case 'orphaned-rows':
    case 'no-rights':
      return aboutTable(asked);
    case 'across-databases':
      return acrossDatabases(asked);
    case 'missing-database':
      return aboutDatabase(asked);
    case 'missing-role':
    case 'wrong-password':
      return aboutRole(asked);
    case 'missing-schema':
      return plain(asked, `no schema ${error.object} is there, or the search path does not name it`, [
        `rehome apply --project ${nameOf(project)}`,
      ]);
    case 'no-connection':
      return plain(asked, 'the server does not answer at the address that the program was given', [
        'rehome env --check --file .env --project DIR   (are host and port of every database right?)',
        `rehome health --project ${nameOf(project)}`,
      ]);
    case 'lock-timeout':
      return plain(asked, 'another session held the lock for longer than the statement may wait; nothing was changed', [
        'end the long transaction, or raise `-- lock-timeout` in the header',
        `rehome apply --project ${nameOf(project)}`,
      ]);
  }
}

function nameOf({ definition }: LoadedProject): string {
  return definition.name;
}

function plain({ error: { kind, object } }: Case, why: string, run: readonly string[]): Diagnosis {
  return { kind, object, database: null, because: null, migration: null, absentOn: [], expected: false, why, run };
}

function aboutTable(asked: Case): Diagnosis {
  const { project, error, seenOn } = asked;
  const route = routeTable(project, tableOf(project, error.object));
  const { table, database } = route;
  const maker = project.migrations.find(({ id }) => id === route.createdBy);
  if (maker === undefined && error.kind === 'missing-relation') return unknownTable(asked);
  const expected = error.kind === 'missing-relation' && seenOn !== undefined && seenOn !== database;
  return {
    kind: error.kind,
    object: table,
    database,
    because: whyOf(route),
    migration: maker === undefined ? null : fullName(maker),
    absentOn: project.definition.databases.map(({ alias }) => alias).filter((alias) => alias !== database),
    expected,
    ...adviceFor(asked, database, expected),
  };
}

/** A model may be named instead of its table, as frameworks do. */
function tableOf({ definition }: LoadedProject, object: string): string {
  return definition.router.models[object.toLowerCase()] ?? relationKey(object);
}

function adviceFor(asked: Case, database: string, expected: boolean): Pick<Diagnosis, 'why' | 'run'> {
  const { project, error, seenOn } = asked;
  const name = nameOf(project);
  switch (error.kind) {
    case 'missing-column':
      return {
        why: `a migration of ${database} that adds ${error.detail ?? 'the column'} was not applied, or the program is older than the schema`,
        run: [`rehome status --project ${name}`, `rehome apply --project ${name}`],
      };
    case 'relation-there-already':
      return {
        why: `it was made on ${seenOn ?? database} by something else than Rehome`,
        run: [
          `rehome apply --project ${name} ${fakeInitial(project, database)}   (records it where it stands and equals what would be made)`,
          `rehome status --project ${name}`,
        ],
      };
    case 'orphaned-rows':
      return {
        why: 'rows point to rows that are not there: the key cannot be added before they are gone',
        run: [
          `rehome validate --project ${name} --category data   (lists them)`,
          'remove or repair them, then apply again',
        ],
      };
    case 'no-rights':
      return rightsAdvice(project, database);
    default:
      return expected ? wrongDatabase(name, database, seenOn ?? '') : notApplied(name, database);
  }
}

/** Every database must be named, or the plan is refused: none may be forgotten. */
function fakeInitial({ definition }: LoadedProject, database: string): string {
  return definition.databases
    .map(({ alias }) => `--database ${alias}${alias === database ? ':fakeInitial' : ''}`)
    .join(' ');
}

function notApplied(name: string, database: string): Pick<Diagnosis, 'why' | 'run'> {
  return {
    why: `the migration that makes it was not applied on ${database}, or the question was put to another database`,
    run: [
      `rehome status --project ${name}   (what is pending where)`,
      `rehome apply --project ${name}   (runs it on ${database}, records it as lying elsewhere on the others)`,
    ],
  };
}

function wrongDatabase(name: string, database: string, seenOn: string): Pick<Diagnosis, 'why' | 'run'> {
  return {
    why: `expected: it belongs to ${database} and is never made on ${seenOn}; nothing is missing there`,
    run: [
      `ask ${database} instead: the router of the program must send it there`,
      `rehome status --project ${name}   (does it stand on ${database}?)`,
    ],
  };
}

function rightsAdvice({ definition }: LoadedProject, database: string): Pick<Diagnosis, 'why' | 'run'> {
  const { owner, application } = databaseOf(definition.databases, database)?.roles ?? {};
  const given =
    application === undefined
      ? 'project.yaml names no application role for it, so Rehome grants nothing'
      : `only ${application} gets rights to rows and sequences there, and only ${owner ?? 'the owner'} may change its structure`;
  const change = `set roles.application of ${database} in project.yaml, then rehome project push DIR`;
  return {
    why: `the role that asked has no rights on ${database}: ${given}`,
    run: [
      ...(application === undefined ? [change] : []),
      `rehome apply --project ${definition.name}   (grants what is missing)`,
    ],
  };
}

function databaseOf(databases: readonly ProjectDatabase[], alias: string): ProjectDatabase | undefined {
  return databases.find((database) => database.alias === alias);
}

function unknownTable(asked: Case): Diagnosis {
  const { project, error } = asked;
  const near = nearest(
    error.object,
    project.migrations.flatMap(({ creates }) => creates),
  );
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return plain(asked, `no migration of ${nameOf(project)} makes ${error.object}${hint}`, [
    near === undefined
      ? `rehome migration new APP add_${error.object.replaceAll('.', '_')} --table ${error.object}`
      : `rehome diagnose 'relation "${near}" does not exist'`,
  ]);
}

/** A table of nearly the same name: plural, prefix or a slip of the pen. */
function nearest(name: string, tables: readonly string[]): string | undefined {
  const key = relationKey(name);
  return (
    tables.find((table) => table.endsWith(`_${key}`) || key.endsWith(`_${table}`) || `${key}s` === table) ??
    tables.find((table) => distance(table, key) <= 2)
  );
}

function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [at, facing] of [...other].entries())
      next.push(Math.min((row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1, (row[at] ?? 0) + (letter === facing ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** `epsm_results.public.simulation_results` in a query on another database. */
function acrossDatabases(asked: Case): Diagnosis {
  const table = asked.error.object.split('.').slice(-1)[0] ?? asked.error.object;
  const found = aboutTable({ ...asked, error: { ...asked.error, object: table } });
  return {
    ...found,
    why: `a query on ${asked.seenOn ?? 'one database'} names a table of ${found.database ?? 'another'}; no query spans two`,
    run: [`ask each database by itself and join by id in the program; ${table} is on ${found.database ?? 'the other'}`],
  };
}

function aboutDatabase(asked: Case): Diagnosis {
  const { definition } = asked.project;
  const { object } = asked.error;
  const database = definition.databases.find((one) => one.database === object);
  if (database === undefined)
    return plain(
      asked,
      `no database of ${definition.name} is called so: ${definition.databases.map((one) => one.database).join(', ')}`,
      ['rehome env --check --file .env --project DIR   (does a variable name the wrong one?)'],
    );
  const { alias, server, roles } = database;
  const owner = roles.owner === undefined ? '' : ` owner ${roles.owner}`;
  return {
    ...plain(asked, `it was never made on ${server}, or the program was sent to another server`, [
      `rehome env --check --file .env --project DIR   (is ${database.environment.host} the host of ${server}?)`,
      `on ${server}, as its administrator: create database ${object}${owner}`,
      `rehome apply --project ${definition.name}`,
    ]),
    database: alias,
    because: 'project.yaml says so',
  };
}

function aboutRole(asked: Case): Diagnosis {
  const { definition } = asked.project;
  const { kind, object } = asked.error;
  const users = definition.databases.filter(({ roles }) => roles.owner === object || roles.application === object);
  const [first] = users;
  const variables = (users.length > 0 ? users : definition.databases).map(({ environment }) =>
    kind === 'missing-role' ? environment.user : environment.password,
  );
  const check = `rehome env --check --file .env --project DIR   (then look at ${variables.join(', ')})`;
  if (first === undefined)
    return plain(asked, `no database of ${definition.name} names the role ${object}: a variable is wrong`, [check]);
  const aliases = users.map(({ alias }) => alias).join(', ');
  const why =
    kind === 'missing-role'
      ? `${aliases} needs the role ${object}, and ${first.server} does not have it`
      : `the password that the program gives for ${object} (${aliases}) is not the one of the server`;
  const make = kind === 'missing-role' ? [`on ${first.server}, as its administrator: create role ${object} login`] : [];
  return { ...plain(asked, why, [check, ...make]), database: first.alias, because: 'project.yaml says so' };
}
