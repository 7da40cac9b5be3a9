import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Session } from './session.js';

/** What a server stores of a role's password; never the password, and still enough to be kept secret. */
export type StoredPassword =
  | { readonly kind: 'scram' | 'md5'; readonly verifier: string }
  /** It logs in by other means, or not at all. */
  | { readonly kind: 'none' }
  | { readonly kind: 'no-role' };

/**
 * Reads `pg_authid`, which only superusers may.
 * @throws RehomeError POSTGRES_AUTHENTICATION_FAILED when the administrator is none.
 */
export async function readStoredPassword(session: Session, role: string): Promise<StoredPassword> {
  if (!(await isSuperuser(session)))
    throw new RehomeError(
      'POSTGRES_AUTHENTICATION_FAILED',
      'only a superuser may read what the server stores of a password',
    );
  const { rows } = await session.query<{ verifier: string | null }>(
    `select rolpassword as verifier from pg_authid where rolname = $1`,
    [role],
  );
  const row = rows[0];
  if (row === undefined) return { kind: 'no-role' };
  if (row.verifier === null) return { kind: 'none' };
  return { kind: row.verifier.startsWith('SCRAM-SHA-256$') ? 'scram' : 'md5', verifier: row.verifier };
}

/** Why a stored password cannot be given to another role; undefined when it can. md5 hashes the name of its role along. */
export function whyNotCopied(stored: StoredPassword, from: string, to: string): string | undefined {
  if (stored.kind !== 'md5' || from === to) return undefined;
  return `the password of ${from} is stored as md5, which holds only for a role of that name, not for ${to}`;
}

async function isSuperuser(session: Session): Promise<boolean> {
  const { rows } = await session.query<{ superuser: boolean }>(
    `select rolsuper as superuser from pg_roles where rolname = current_user`,
  );
  return rows[0]?.superuser === true;
}
