import type { Content } from '../hashing.js';
import type { CatalogueObject, Structure } from './structure.js';

/** Kinds that lie in no schema: a dump of some schemas leaves them out. */
const DATABASE_WIDE = new Set([
  'database',
  'extension',
  'event trigger',
  'publication',
  'cast',
  'large objects',
  'database setting',
  'role setting',
]);

/**
 * The part of a structure that a dump of these schemas carries.
 * @param schemas names as `quote_ident` writes them, as the catalogue queries do
 */
export function structureIn(structure: Structure, schemas: readonly string[]): Structure {
  const objects = [...structure.objects].filter(([, object]) => liesIn(object, schemas));
  return { major: structure.major, objects: new Map(objects) };
}

/** The part of the contents that lies in these schemas; large objects lie in none. */
export function contentIn(content: Content, schemas: readonly string[]): Content {
  const inside = ([name]: readonly [string, unknown]): boolean => startsIn(name, schemas);
  return {
    tables: new Map([...content.tables].filter(inside)),
    sequences: new Map([...content.sequences].filter(inside)),
    largeObjects: { count: '0', hash: '0', buckets: new Map() },
  };
}

/** Whether an object is of one of the schemas; what lies in none is not. */
export function liesIn({ kind, name }: CatalogueObject, schemas: readonly string[]): boolean {
  if (DATABASE_WIDE.has(kind) || kind.startsWith('grants on shipped')) return false;
  if (kind === 'schema') return schemas.includes(name);
  if (kind === 'default privileges') return schemas.some((schema) => name.includes(` in schema ${schema} on `));
  if (kind === 'comment' || kind === 'security label') return schemas.some((schema) => isAbout(name, schema));
  // `audit on app.orders` lies with its table.
  const on = name.lastIndexOf(' on ');
  return startsIn(on < 0 ? name : name.slice(on + 4), schemas);
}

/** `table app.orders`, `schema app`, `constraint c on app.orders`. */
function isAbout(name: string, schema: string): boolean {
  return name.includes(` ${schema}.`) || name.endsWith(`schema ${schema}`);
}

function startsIn(name: string, schemas: readonly string[]): boolean {
  return schemas.some((schema) => name.startsWith(`${schema}.`));
}
