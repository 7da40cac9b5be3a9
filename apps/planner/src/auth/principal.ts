import type { Role } from './role.js';

/** Who calls: an API key by its name. */
export interface Principal {
  readonly keyName: string;
  readonly role: Role;
  /** As it stands in events: `key:<name>`. */
  readonly actor: string;
}

const PRINCIPALS = new WeakMap<object, Principal>();

/** The guard remembers who calls; a WeakMap keeps it from being forged by a field of the request. */
export function rememberPrincipal(request: object, principal: Principal): void {
  PRINCIPALS.set(request, principal);
}

export function principalOf(request: object): Principal | undefined {
  return PRINCIPALS.get(request);
}
