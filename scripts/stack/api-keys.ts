import { createHash, randomBytes } from 'node:crypto';

export const API_ROLES = ['viewer', 'requester', 'approver', 'operator'] as const;
export type ApiKeys = Readonly<Record<(typeof API_ROLES)[number], string>>;

/** One fresh key of 256 random bits per role. */
export function createApiKeys(): ApiKeys {
  const key = () => `rk_${randomBytes(32).toString('base64url')}`;
  return { viewer: key(), requester: key(), approver: key(), operator: key() };
}

/** The keys as the planner's setting takes them: names, roles and hashes, never the keys. */
export function apiKeysSetting(keys: ApiKeys): string {
  return API_ROLES.map((role) => `stack-${role}:${role}:${createHash('sha256').update(keys[role]).digest('hex')}`).join(
    ',',
  );
}
