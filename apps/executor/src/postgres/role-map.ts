import { RehomeError } from '#shared/errors/rehome-error.js';
import type { MapRole } from './catalogue/structure.js';
import type { Session } from './session.js';

/** Roles as the target calls them, of the move of one database. */
export interface MoveRoles {
  /** Role that owns the database at the source. */
  readonly sourceOwner: string;
  /** The application's role at the target. */
  readonly role: string;
}

/**
 * The source's owner becomes the target's role, the source's bootstrap superuser the target's (`postgres` is not called
 * `postgres` everywhere); where the administrator of the target is no superuser, it stands in. All others keep their name.
 */
export async function readRoleMap(source: Session, target: Session, roles: MoveRoles): Promise<MapRole> {
  return roleMapTo(target, { ...roles, sourceBootstrap: await bootstrapRole(source) });
}

/** The same where the source is known from a record of it. */
export async function roleMapTo(
  target: Session,
  { sourceOwner, role, sourceBootstrap: from }: MoveRoles & { readonly sourceBootstrap: string },
): Promise<MapRole> {
  const to = await bootstrapRole(target);
  const { rows } = await target.query<{ superuser: boolean; name: string }>(
    `select rolsuper as superuser, rolname as name from pg_roles where rolname = current_user`,
  );
  const stand = rows[0]?.superuser === false ? rows[0].name : to;
  return (name) => {
    if (name === sourceOwner) return role;
    return name === from ? stand : name;
  };
}

/** The role that `initdb` made; its oid is 10 in every cluster. */
export async function bootstrapRole(session: Session): Promise<string> {
  const { rows } = await session.query<{ name: string }>(`select rolname as name from pg_roles where oid = 10`);
  const name = rows[0]?.name;
  if (name === undefined) throw new RehomeError('INTERNAL', 'the server has no bootstrap superuser');
  return name;
}
