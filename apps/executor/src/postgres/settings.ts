import { quoteIdentifier, quoteLiteral } from '#shared/database/identifier.js';
import type { CatalogueObject, Structure } from './catalogue/structure.js';

/**
 * Statements that give the target database the settings of the source's, and of roles in it; `pg_dump` leaves both out.
 * A role's own settings at the source become settings of the role in this database, so that neighbours of the target
 * keep theirs. Made from what differs, so they are empty when run again.
 * @param database name of the target database now
 */
export function settingStatements(source: Structure, target: Structure, database: string): string[] {
  const statements: string[] = [];
  for (const [key, wanted] of source.objects) {
    const name = wanted.aspects['setting'];
    const value = wanted.aspects['value'];
    if (!isSetting(wanted) || name === undefined || value === undefined) continue;
    if (target.objects.get(key)?.aspects['value'] === value) continue;
    statements.push(`${alterOf(wanted, database)} set ${settingName(name)} to ${settingValue(name, value)}`);
  }
  for (const [key, found] of target.objects) {
    const name = found.aspects['setting'];
    if (!isSetting(found) || name === undefined || source.objects.has(key) || found.aspects['origin'] === 'role')
      continue;
    statements.push(`${alterOf(found, database)} reset ${settingName(name)}`);
  }
  return statements;
}

/** `work_mem of "app"`, for the result of a step: values may be secrets of the application. */
export function settingTitles(source: Structure): string[] {
  return [...source.objects.values()].filter(isSetting).map(({ name }) => name);
}

function isSetting({ kind }: CatalogueObject): boolean {
  return kind === 'database setting' || kind === 'role setting';
}

function alterOf({ kind, aspects }: CatalogueObject, database: string): string {
  const name = quoteIdentifier(database);
  return kind === 'role setting'
    ? `alter role ${quoteIdentifier(aspects['role'] ?? '')} in database ${name}`
    : `alter database ${name}`;
}

/** `app.tenant` is two names. */
function settingName(name: string): string {
  return name.split('.').map(quoteIdentifier).join('.');
}

/** Stored as a list of quoted names (`guc.c` marks them GUC_LIST_QUOTE): one literal for all would become one name. */
const LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
  'createrole_self_grant',
]);

function settingValue(name: string, value: string): string {
  if (!LISTS.has(name.toLowerCase())) return quoteLiteral(value);
  const elements = splitNames(value);
  return elements.length === 0 ? `''` : elements.map(quoteLiteral).join(', ');
}

/** `"$user", public` is `$user` and `public`. */
export function splitNames(list: string): string[] {
  const names = list.match(/"(?:[^"]|"")*"|[^\s,"]+/g) ?? [];
  return names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name));
}
