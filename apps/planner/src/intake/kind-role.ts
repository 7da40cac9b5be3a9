import { isObject } from '#shared/contracts/requests/parse.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Principal } from '../auth/principal.js';
import { roleCovers, type Role } from '../auth/role.js';

/** Kinds that take more than the right to ask for a migration. */
const LEAST_ROLES: Readonly<Record<string, Role>> = { 'clean-up-backups': 'operator' };

/** @throws RehomeError FORBIDDEN */
export function refuseKindBelowRole(body: unknown, { role }: Principal): void {
  const kind = isObject(body) ? body['kind'] : undefined;
  const needed = typeof kind === 'string' && Object.hasOwn(LEAST_ROLES, kind) ? LEAST_ROLES[kind] : undefined;
  if (needed === undefined || roleCovers(role, needed)) return;
  throw new RehomeError('FORBIDDEN', `requests of kind ${String(kind)} need the role ${needed}; this key has ${role}`);
}
