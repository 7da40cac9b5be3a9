import type { Session } from '../session.js';
import { formatAcl, mapAcl, parseAclItem, type AclItem } from './acl.js';
import type { CatalogueObject, MapRole } from './structure.js';

/** Large objects that agree on owner and grants. */
export interface LargeObjectGroup {
  readonly owner: string;
  readonly acl: readonly AclItem[];
  readonly ids: readonly number[];
}

/** As the catalogue answers: the effective access list as text. */
export interface LargeObjectRow {
  readonly owner: string;
  readonly acl: readonly string[];
  readonly ids: readonly number[];
}

export async function readLargeObjectRows(session: Session): Promise<LargeObjectRow[]> {
  const { rows } = await session.query<LargeObjectRow>(
    `select pg_get_userbyid(lomowner) as owner,
       coalesce(lomacl, acldefault('L', lomowner))::text[] as acl,
       array_agg(oid order by oid) as ids
     from pg_largeobject_metadata
     group by 1, 2`,
  );
  return rows;
}

/** Large objects by owner and grants, roles as the target calls them. */
export async function readLargeObjectGroups(session: Session, mapRole: MapRole): Promise<LargeObjectGroup[]> {
  return largeObjectGroups(await readLargeObjectRows(session), mapRole);
}

/** Rows with their roles mapped; groups that become the same are merged. */
export function largeObjectGroups(rows: readonly LargeObjectRow[], mapRole: MapRole): LargeObjectGroup[] {
  const groups = new Map<string, LargeObjectGroup>();
  for (const row of rows) {
    const owner = mapRole(row.owner);
    const acl = mapAcl(row.acl.map(parseAclItem), mapRole);
    const key = `${owner}\0${formatAcl(acl)}`;
    groups.set(key, { owner, acl, ids: [...(groups.get(key)?.ids ?? []), ...row.ids] });
  }
  return [...groups.values()];
}

/** One object per group. Its ids are summed up, so that one that changed hands shows. */
export function largeObjectOwners(rows: readonly LargeObjectRow[], mapRole: MapRole): CatalogueObject[] {
  return largeObjectGroups(rows, mapRole).map(({ owner, acl, ids }) => ({
    kind: 'large objects',
    name: `owned by ${owner} with grants ${formatAcl(acl)}`,
    aspects: { count: String(ids.length), ids: sumOfIds(ids) },
  }));
}

/** Sum of squares: exchanging 1 and 4 for 2 and 3 shows as well. */
function sumOfIds(ids: readonly number[]): string {
  return ids.reduce((sum, id) => sum + BigInt(id) * BigInt(id), 0n).toString();
}
