import { VALIDATION_CATEGORIES } from '../../contracts/projects.js';
import type {
  ConfiguredReference,
  ProjectCheck,
  ProjectCommand,
  ProjectDatabase,
  ProjectDefinition,
  RouterDefinition,
} from '../../contracts/projects.js';
import { PROJECT_FILE } from '../bundle/project-files.js';
import type { ProjectProblem } from '../migration-file.js';
import { splitSql } from '../sql/split-sql.js';
import { PROJECT_KEYS } from './project-keys.js';
import { ALIAS, APP, IDENTIFIER, MODEL, readDatabase, readRelation, REGISTRY_NAME } from './read-database.js';
import { YamlValue } from './yaml-value.js';

export type ReadDefinition =
  | { readonly ok: true; readonly definition: ProjectDefinition }
  | { readonly ok: false; readonly problems: readonly ProjectProblem[] };

const PROJECT = {
  pattern: /^[a-z][a-z0-9-]{0,62}$/,
  shape: 'lower-case letters, digits and hyphens, a letter first, at most 63',
};
const NAME = { pattern: /^[a-z][a-z0-9-]{0,99}$/, shape: 'lower-case letters, digits and hyphens, a letter first' };

/**
 * `project.yaml` as a definition, silent fields filled, or everything that is wrong with it, each with its line;
 * `parserReady` must have been awaited.
 */
export function readDefinition(text: string): ReadDefinition {
  const problems: ProjectProblem[] = [];
  const file = YamlValue.of(PROJECT_FILE, text, problems);
  if (problems.length > 0) return { ok: false, problems };
  const fields = file.fields(PROJECT_KEYS.project);
  const defaultAlias = defaultOf(fields.router);
  const databases = readDatabases(fields.databases, defaultAlias);
  const known = databases.map(({ alias }) => alias);
  const definition: ProjectDefinition = {
    name: fields.name.text(PROJECT),
    databases,
    router: readRouter(fields.router, known),
    services: fields.services.texts(REGISTRY_NAME),
    references: fields.references.items().map((item) => readReference(item, known)),
    checks: named(fields.checks, (item) => readCheck(item, known)),
    commands: named(fields.commands, (item) => readCommand(item, known)),
    lint: fields.lint.choice(['warn', 'error']) ?? 'warn',
  };
  return problems.length > 0 ? { ok: false, problems } : { ok: true, definition };
}

/** Read before the rest, for the silent names of variables; what is wrong with it is noted when the router is read. */
function defaultOf(router: YamlValue): string | undefined {
  const found = router.isObject ? router.entries().find(([key]) => key === 'default')?.[1] : undefined;
  return found?.isText === true ? found.text() : undefined;
}

function readDatabases(value: YamlValue, defaultAlias: string | undefined): ProjectDatabase[] {
  const entries = value.entries();
  if (entries.length === 0) value.refuse('must name at least one database by its alias');
  const databases = entries.map(([alias, entry]) => readDatabase(alias, entry, defaultAlias));
  for (const [index, { alias, server, database }] of databases.entries()) {
    const same = databases.slice(0, index).find((one) => one.server === server && one.database === database);
    if (same !== undefined && database !== '')
      entries[index]?.[1].refuse(`is ${database} on ${server} like ${same.alias}; a database has one alias`);
    if (!ALIAS.pattern.test(alias)) entries[index]?.[1].refuse(`must be called by ${ALIAS.shape}`);
  }
  return databases;
}

function readRouter(value: YamlValue, aliases: readonly string[]): RouterDefinition {
  if (value.isAbsent) value.refuse('is missing; name at least the default: "router: { default: main }"');
  const fields = value.fields(PROJECT_KEYS.router);
  const rules = fields.rules.items().map((item) => {
    const { match, to } = item.fields(PROJECT_KEYS.rule);
    return {
      match: match.text({ pattern: /^[^\s*]*\*?$/, shape: 'a table or a model, with * only at its end' }),
      to: aliasIn(to, aliases),
    };
  });
  const twice = fields.rules
    .items()
    .filter((_, index) => rules.slice(0, index).some((r) => r.match === rules[index]?.match));
  for (const rule of twice) rule.refuse('matches the same as a rule before it; keep one of them');
  return {
    default: value.isAbsent ? '' : aliasIn(fields.default, aliases),
    apps: record(fields.apps, (app, alias) => {
      if (!APP.pattern.test(app)) alias.refuse(`must be called by ${APP.shape}`);
      return aliasIn(alias, aliases);
    }),
    models: record(fields.models, (model, table) => {
      if (!MODEL.pattern.test(model)) table.refuse(`must be called by ${MODEL.shape}`);
      return readRelation(table);
    }),
    rules,
  };
}

function readReference(value: YamlValue, aliases: readonly string[]): ConfiguredReference {
  const fields = value.fields(PROJECT_KEYS.reference);
  return {
    database: aliasIn(fields.database, aliases),
    table: readRelation(fields.table),
    column: fields.column.text(IDENTIFIER),
    referencedTable: readRelation(fields.referencedTable),
    referencedColumn: fields.referencedColumn.text(IDENTIFIER),
  };
}

function readCheck(value: YamlValue, aliases: readonly string[]): ProjectCheck {
  const fields = value.fields(PROJECT_KEYS.check);
  if (fields.category.isAbsent) fields.category.refuse(`is missing; give one of ${VALIDATION_CATEGORIES.join(', ')}`);
  return {
    name: fields.name.text(NAME),
    category: fields.category.choice(VALIDATION_CATEGORIES) ?? 'data',
    ...(fields.database.isAbsent ? {} : { database: aliasIn(fields.database, aliases) }),
    sql: fields.sql.text({ refuse: notOneQuery }),
    message: fields.message.text(),
  };
}

function notOneQuery(sql: string): string | undefined {
  const { statements, problems } = splitSql(PROJECT_FILE, sql);
  if (problems[0] !== undefined) return `is no SQL: ${problems[0].message}`;
  const [query, second] = statements;
  if (query?.node === 'SelectStmt' && second === undefined) return undefined;
  return 'must be one query whose rows are what is wrong';
}

function readCommand(value: YamlValue, aliases: readonly string[]): ProjectCommand {
  const fields = value.fields(PROJECT_KEYS.command);
  const argv = fields.argv.texts();
  if (argv.length === 0) fields.argv.refuse('must name the program and its arguments: [python, manage.py, migrate]');
  return {
    name: fields.name.text(NAME),
    database: aliasIn(fields.database, aliases),
    argv,
    when: fields.when.choice(['before', 'after']) ?? 'after',
    runs: fields.runs.choice(['always', 'with-migrations']) ?? 'always',
  };
}

function named<T extends { readonly name: string }>(list: YamlValue, read: (item: YamlValue) => T): T[] {
  const items = list.items();
  const values = items.map(read);
  for (const [index, { name }] of values.entries())
    if (values.slice(0, index).some((one) => one.name === name)) items[index]?.refuse(`is called ${name} like another`);
  return values;
}

function aliasIn(value: YamlValue, aliases: readonly string[]): string {
  const alias = value.text();
  if (alias !== '' && !aliases.includes(alias))
    value.refuse(`is "${alias}", which is no alias of a database; known: ${aliases.join(', ')}`);
  return alias;
}

function record(value: YamlValue, read: (key: string, entry: YamlValue) => string): Record<string, string> {
  return Object.fromEntries(value.entries().map(([key, entry]) => [key, read(key, entry)]));
}
