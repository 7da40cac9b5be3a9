import type pg from 'pg';
import { quoteIdentifier, quoteLiteral } from './identifier.js';
import { scramVerifier } from './scram-verifier.js';

/** Passwords of the three logins. */
export interface LedgerPasswords {
  readonly planner: string;
  readonly executor: string;
  readonly analyst: string;
}

export const OWNER_ROLE = 'rehome_owner';
export const LOGIN_ROLES = {
  planner: 'rehome_planner',
  executor: 'rehome_executor',
  analyst: 'rehome_analyst',
} as const satisfies Readonly<Record<keyof LedgerPasswords, string>>;

/**
 * The owner, who never logs in, and the three logins; existing ones get the given passwords, unless `keepPasswords`.
 * Under the set-up lock.
 */
export async function createLedgerRoles(
  client: pg.Client,
  passwords: LedgerPasswords,
  keepPasswords = false,
): Promise<void> {
  const existing = await existingRoles(client);
  if (!existing.has(OWNER_ROLE)) await client.query(`create role ${OWNER_ROLE} nologin`);
  for (const [service, role] of Object.entries(LOGIN_ROLES)) {
    if (keepPasswords && existing.has(role)) continue;
    const password = quoteLiteral(scramVerifier(passwords[service as keyof LedgerPasswords]));
    const verb = existing.has(role) ? 'alter' : 'create';
    await client.query(`${verb} role ${quoteIdentifier(role)} login password ${password}`);
  }
  // An administrator who is no superuser must be a member to create things as the owner.
  const { rows } = await client.query<{ member: boolean }>(`select pg_has_role($1, 'member') as member`, [OWNER_ROLE]);
  if (rows[0]?.member !== true) await client.query(`grant ${OWNER_ROLE} to current_user`);
}

async function existingRoles(client: pg.Client): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    `
    select rolname as name
    from pg_roles
    where rolname = any ($1)
    `,
    [[OWNER_ROLE, ...Object.values(LOGIN_ROLES)]],
  );
  return new Set(rows.map((row) => row.name));
}
