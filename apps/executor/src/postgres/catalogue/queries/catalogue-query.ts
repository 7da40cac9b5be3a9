/**
 * One set-based question to the catalogue. Every query answers the same columns, so that one reader
 * understands all of them:
 * - `kind`, `name`: see `CatalogueObject`; `{role}` in the name stands for the role in `named_role`
 * - `named_role`: text, or null
 * - `aspects`: json of texts; nulls are left out
 * - `roles`: json of role name lists by aspect; compared after mapping and sorting
 * - `acls`: json of `aclitem` text lists by aspect; the one called `acl` is what `grant` changes
 * - `clause`, `owner`, `grant_column`: see `Ownership`
 */
export interface CatalogueQuery {
  /** Text for a server of this major; `owner` is who owns the database when nothing is fenced. */
  readonly sql: (major: number, owner: string) => string;
}

/** What `parseCatalogueRow` is given. */
export interface CatalogueRow {
  readonly kind: string;
  readonly name: string;
  readonly named_role?: string | null;
  readonly aspects: Readonly<Record<string, string | null>> | null;
  readonly roles?: Readonly<Record<string, readonly string[] | null>> | null;
  readonly acls?: Readonly<Record<string, readonly string[] | null>> | null;
  readonly clause?: string | null;
  readonly owner?: string | null;
  readonly grant_column?: string | null;
}

/** Schemas that hold users' objects; `pg_temp_*` and `pg_toast` are left out with the system's own. */
export const USER_SCHEMA = (alias: string): string =>
  `${alias}.nspname !~ '^pg_' and ${alias}.nspname <> 'information_schema'`;

/** Objects that an extension's script made belong to the extension: its name and version stand for them. */
export const NOT_OF_EXTENSION = (catalogue: string, oid: string): string => `not exists (
    select from pg_depend member
    where member.classid = '${catalogue}'::regclass and member.objid = ${oid} and member.deptype = 'e'
  )`;

/** Everything that `initdb` made has a lower oid. */
export const FIRST_USER_OID = 16_384;
