import { majorOf, serverVersion, type Session } from '../session.js';
import { formatAcl, mapAcl, parseAclItem, type AclItem } from './acl.js';
import { canonicalExpression } from './canonical-expression.js';
import { largeObjectOwners, readLargeObjectRows, type LargeObjectRow } from './large-object-owners.js';
import type { CatalogueQuery, CatalogueRow } from './queries/catalogue-query.js';
import * as wide from './queries/database-wide.js';
import * as definitions from './queries/definitions.js';
import * as relations from './queries/relations.js';
import { ROUTINES, TYPES } from './queries/routines-and-types.js';
import { SETTINGS } from './queries/settings.js';
import * as rules from './queries/table-rules.js';
import { objectKey, type CatalogueObject, type MapRole, type Ownership, type Structure } from './structure.js';

const QUERIES: readonly CatalogueQuery[] = [
  ...Object.values(relations),
  ...Object.values(rules),
  ...Object.values(wide),
  ...Object.values(definitions),
  ROUTINES,
  TYPES,
  SETTINGS,
];

/** Aspects whose text PostgreSQL writes from a parse tree, and may write otherwise after a restore. */
const EXPRESSIONS = new Set(['definition', 'default', 'using', 'check', 'constraints', 'partition bound', 'tables']);

/** Definitions that stand as somebody wrote them, so that every byte of them counts. */
const WRITTEN = new Set(['function', 'procedure']);

export interface ReadStructureOptions {
  /** Names of roles as the target calls them; identity for the target itself. */
  readonly mapRole: MapRole;
  /** Role that owns the database when nothing is fenced, as this server calls it. */
  readonly owner: string;
}

/** What the catalogue answered, before roles are mapped; plain JSON, so that it can be kept and compared with later. */
export interface CatalogueReading {
  /** Of the server: 15. */
  readonly major: number;
  readonly rows: readonly CatalogueRow[];
  readonly largeObjects: readonly LargeObjectRow[];
}

/**
 * Reads everything but rows in about thirty set-based queries, however many tables there are, in one snapshot.
 * The database's own name, owner, access list, connection limit and comment are left out: the fence changes them.
 */
export async function readStructure(session: Session, options: ReadStructureOptions): Promise<Structure> {
  await session.query('begin transaction isolation level repeatable read, read only');
  try {
    const reading = await readCatalogue(session, options.owner);
    await session.query('commit');
    return structureOf(reading, options.mapRole);
  } catch (error) {
    await session.query('rollback').catch(() => undefined);
    throw error;
  }
}

/**
 * The same as it was answered, within the caller's transaction.
 * @param owner see `ReadStructureOptions`
 */
export async function readCatalogue(session: Session, owner: string): Promise<CatalogueReading> {
  const major = majorOf(await serverVersion(session));
  const found: CatalogueRow[] = [];
  for (const query of QUERIES) {
    const { rows } = await session.query<CatalogueRow>(query.sql(major, owner));
    // One by one: an argument list of every column of a large database is too long.
    for (const row of rows) found.push(row);
  }
  return { major, rows: found, largeObjects: await readLargeObjectRows(session) };
}

/** A reading with its roles named as the target calls them. */
export function structureOf({ major, rows, largeObjects }: CatalogueReading, mapRole: MapRole): Structure {
  const objects = new Map<string, CatalogueObject>();
  for (const row of rows) addObject(objects, toObject(row, mapRole));
  for (const object of largeObjectOwners(largeObjects, mapRole)) addObject(objects, object);
  return { major, objects };
}

function addObject(objects: Map<string, CatalogueObject>, object: CatalogueObject): void {
  objects.set(objectKey(object), object);
}

function toObject(row: CatalogueRow, mapRole: MapRole): CatalogueObject {
  const role = row.named_role === null || row.named_role === undefined ? undefined : mapName(row.named_role, mapRole);
  const aspects: Record<string, string> = {};
  for (const [aspect, value] of Object.entries(row.aspects ?? {})) {
    if (value === null) continue;
    aspects[aspect] = EXPRESSIONS.has(aspect) && !WRITTEN.has(row.kind) ? canonicalExpression(value) : value;
  }
  const roles: Record<string, readonly string[]> = {};
  for (const [aspect, names] of Object.entries(row.roles ?? {})) {
    const mapped = [...new Set((names ?? []).map((name) => mapName(name, mapRole)))].sort();
    roles[aspect] = mapped;
    aspects[aspect] = mapped.join(', ');
  }
  const ownership = toOwnership(row, mapRole);
  // The owner of a column is told with its table, that of default privileges in their name.
  if (ownership?.owner !== undefined && ownership.column === undefined && role === undefined)
    aspects['owner'] = ownership.owner;
  if (role !== undefined) aspects['role'] = role;
  if (ownership?.acl !== undefined && ownership.acl.length > 0) aspects['grants'] = formatAcl(ownership.acl);
  return {
    kind: row.kind,
    name: role === undefined ? row.name : row.name.replace('{role}', () => role),
    aspects,
    ...(row.roles ? { roles } : {}),
    ...(ownership ? { ownership } : {}),
  };
}

function toOwnership(row: CatalogueRow, mapRole: MapRole): Ownership | undefined {
  if (row.clause === null || row.clause === undefined) return undefined;
  const owner = row.owner ?? row.named_role;
  const acl = row.acls?.['acl'];
  return {
    clause: row.clause,
    ...(typeof owner === 'string' ? { owner: mapName(owner, mapRole) } : {}),
    ...(acl ? { acl: readAcl(row, acl, mapRole) } : {}),
    ...(typeof row.grant_column === 'string' ? { column: row.grant_column } : {}),
  };
}

/** Who owns what came with an extension or with PostgreSQL differs per server: only what others were granted counts. */
function readAcl(row: CatalogueRow, texts: readonly string[], mapRole: MapRole): AclItem[] {
  const items = mapAcl(texts.map(parseAclItem), mapRole);
  if (!row.kind.startsWith('grants on shipped')) return items;
  return items.filter((item) => item.grantee !== item.grantor).map((item) => ({ ...item, grantor: '' }));
}

function mapName(name: string, mapRole: MapRole): string {
  return name === 'public' ? name : mapRole(name);
}
