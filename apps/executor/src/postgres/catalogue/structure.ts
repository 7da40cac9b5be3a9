import type { AclItem } from './acl.js';

/** Name of a role at the source as it is called at the target. */
export type MapRole = (role: string) => string;

/** Who owns an object and who may do what with it, and how a statement names it. */
export interface Ownership {
  /** As `alter … owner to` and `grant … on` name it: `table "public"."orders"`. */
  readonly clause: string;
  /** Of a column: its table's. Of default privileges: the role whose objects they are about. Absent where nobody owns it. */
  readonly owner?: string;
  /** Effective: PostgreSQL's default is written out. Absent where nothing can be granted, such as an event trigger. */
  readonly acl?: readonly AclItem[];
  /** Of a column: named inside the privilege list, `grant select ("id") on …`. Of default privileges: their schema. Quoted. */
  readonly column?: string;
}

/** One thing of the database with everything that a move must carry. */
export interface CatalogueObject {
  /** `table`, `column`, `trigger`, … */
  readonly kind: string;
  /** As people call it, unique within its kind: `public.orders`, `audit on public.orders`. */
  readonly name: string;
  /** What there is to compare, by name; an absent aspect is an unset one. */
  readonly aspects: Readonly<Record<string, string>>;
  /** Lists of roles by aspect, such as those a policy is for; they stand in `aspects` as text, too. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  readonly ownership?: Ownership;
}

/** Everything but rows. Roles are named as the target calls them, so that two structures compare directly. */
export interface Structure {
  /** Of the server: 15. */
  readonly major: number;
  readonly objects: ReadonlyMap<string, CatalogueObject>;
}

export function objectKey(object: { readonly kind: string; readonly name: string }): string {
  return `${object.kind} ${object.name}`;
}
