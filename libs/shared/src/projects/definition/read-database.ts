import type { DatabaseVariables, ProjectDatabase } from '../../contracts/projects.js';
import { IDENTIFIER_BYTES } from '../../database/identifier.js';
import { plainName } from '../relation-name.js';
import { PROJECT_KEYS } from './project-keys.js';
import type { TextShape, YamlValue } from './yaml-value.js';

export const ALIAS = {
  pattern: /^[a-z][a-z0-9_-]{0,62}$/,
  shape: 'lower-case letters, digits, _ and -, a letter first, at most 63',
};
export const APP = ALIAS;
export const MODEL = { pattern: /^[a-z][\w-]*\.[A-Za-z_]\w*$/, shape: 'app.model' };
export const REGISTRY_NAME: TextShape = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  shape: 'a name of the registry',
};
export const IDENTIFIER: TextShape = { refuse: notAnIdentifier };
/** Without quotes a name has no blanks and, being none of a rule, no asterisk. */
const WORD = '(?:"(?:[^"]|"")+"|[^\\s."*]+)';
const RELATION: TextShape = {
  pattern: new RegExp(`^${WORD}(?:\\.${WORD})?$`),
  shape: 'a table, or schema.table, as PostgreSQL keeps them; one with blanks or dots in double quotes',
};
const COLUMN: TextShape = {
  pattern: new RegExp(`^${WORD}(?:\\.${WORD}){1,2}$`),
  shape: 'table.column, or schema.table.column, as PostgreSQL keeps them',
};

const SCHEMA: TextShape = { refuse: (text) => notAnIdentifier(text) ?? reservedSchema(text) };
const VARIABLE = { pattern: /^[A-Za-z_][A-Za-z0-9_]*$/, shape: 'the name of a variable of an environment' };
const PREFIX = { pattern: VARIABLE.pattern, shape: 'what the names of its variables begin with, such as DB_' };
const SETTING = /^[a-z_][a-z0-9_.]*$/;
/** What Rehome sets itself. */
const OUR_SETTINGS = ['role', 'session_authorization', 'search_path', 'application_name'];

/** One entry of `databases`; silent fields are filled. */
export function readDatabase(alias: string, value: YamlValue, defaultAlias: string | undefined): ProjectDatabase {
  if (value.isAbsent) value.refuse('is empty; name at least its server and database');
  const fields = value.fields(PROJECT_KEYS.database);
  const schemas = fields.schemas.texts(SCHEMA);
  return {
    alias,
    server: value.isAbsent ? '' : fields.server.text({ ...REGISTRY_NAME, refuse: notAServer }),
    database: value.isAbsent
      ? ''
      : fields.database.text({ refuse: (text) => notAServer(text) ?? notAnIdentifier(text) }),
    roles: readRoles(fields.roles),
    schemas: schemas.length === 0 ? ['public'] : schemas,
    settings: readSettings(fields.settings),
    expectedTables: fields.expected.items().map(readRelation),
    criticalTables: fields.critical.items().map(readRelation),
    requiredColumns: fields.required.texts(COLUMN).map(plainName),
    minimumTables: fields.minimumTables.wholeNumber() ?? 0,
    environment: readVariables(fields.environment, alias === defaultAlias ? 'DB_' : prefixOf(alias)),
  };
}

/** Table, or schema and table. */
export function readRelation(value: YamlValue): string {
  return plainName(value.text(RELATION));
}

function readRoles(value: YamlValue): ProjectDatabase['roles'] {
  const { owner, application } = value.fields(PROJECT_KEYS.roles);
  const [owning, using] = [owner.optionalText(IDENTIFIER), application.optionalText(IDENTIFIER)];
  if (using !== undefined && owning === using)
    application.refuse(
      'is the owner, too: an application that owns its tables may do everything; give it a role of its own',
    );
  return {
    ...(owning === undefined ? {} : { owner: owning }),
    ...(using === undefined ? {} : { application: using }),
  };
}

function readSettings(value: YamlValue): Record<string, string> {
  return Object.fromEntries(
    value.entries().map(([name, entry]) => {
      if (!SETTING.test(name)) entry.refuse('is no name of a setting of PostgreSQL');
      if (OUR_SETTINGS.includes(name)) entry.refuse('is set by Rehome; leave it out');
      return [name, entry.text()];
    }),
  );
}

function readVariables(value: YamlValue, prefix: string): DatabaseVariables {
  if (value.isAbsent) return variablesOf(prefix);
  if (value.isText) return variablesOf(value.text(PREFIX));
  const silent = variablesOf(prefix);
  const fields = value.fields(PROJECT_KEYS.environment);
  return {
    host: fields.host.optionalText(VARIABLE) ?? silent.host,
    port: fields.port.optionalText(VARIABLE) ?? silent.port,
    name: fields.name.optionalText(VARIABLE) ?? silent.name,
    user: fields.user.optionalText(VARIABLE) ?? silent.user,
    password: fields.password.optionalText(VARIABLE) ?? silent.password,
  };
}

function variablesOf(prefix: string): DatabaseVariables {
  return {
    host: `${prefix}HOST`,
    port: `${prefix}PORT`,
    name: `${prefix}NAME`,
    user: `${prefix}USER`,
    password: `${prefix}PASSWORD`,
  };
}

/** `results` → `RESULTS_DB_`, `materials_db` → `MATERIALS_DB_`. */
function prefixOf(alias: string): string {
  return `${alias
    .replace(/[-_]db$/, '')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')}_DB_`;
}

/** An address or a file where a name of the registry belongs. */
function notAServer(text: string): string | undefined {
  if (/^sqlite\b|^file:|\.sqlite3?$|[/\\].*\.db$/i.test(text))
    return `is "${text}", a file of SQLite; Rehome migrates PostgreSQL only: start one for development (npm run stack -- up) and name its server`;
  if (/^[\w+.-]+:\/\//.test(text))
    return `is an address; register it (rehome server put main --file main.yaml) and write its name here, so that no project holds a password`;
  return undefined;
}

function notAnIdentifier(text: string): string | undefined {
  return Buffer.byteLength(text) <= IDENTIFIER_BYTES && !/\p{Cc}/u.test(text)
    ? undefined
    : `must be a name of 1 to ${IDENTIFIER_BYTES} bytes, which is what PostgreSQL keeps, without control characters`;
}

function reservedSchema(text: string): string | undefined {
  return /^(?:rehome|information_schema|pg_.*)$/.test(text) ? 'is no schema for migrations' : undefined;
}
