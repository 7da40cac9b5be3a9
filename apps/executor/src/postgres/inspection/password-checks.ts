import type { PreflightCheck } from '#shared/contracts/preflight.js';
import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import { openSession, type Session, type SessionAddress } from '../session.js';
import { readStoredPassword, whyNotCopied } from '../stored-passwords.js';
import { judge } from './check.js';

export interface KeptPassword {
  readonly source: Session;
  readonly target: Session;
  /** The application's role at the source and at the target. */
  readonly from: string;
  readonly to: string;
}

/** No reference to the password is known, so the role keeps it: what the source stores must be one that can be copied. */
export async function checkKeptPassword({ source, target, from, to }: KeptPassword): Promise<PreflightCheck> {
  const remedy = 'name the password by secretRef of the target, or of the instance';
  try {
    const stored = await readStoredPassword(source, from);
    const why = whyNotCopied(stored, from, to);
    if (why !== undefined) return judge('application-password', 'error', '', { found: why, remedy });
    const there = await readStoredPassword(target, to);
    if (there.kind === 'no-role')
      return judge('application-password', 'error', `${to} keeps the password of ${from}`, undefined);
    const same = 'verifier' in stored && 'verifier' in there && stored.verifier === there.verifier;
    const found = `${to} exists at the target with a password of its own, which is left as it is`;
    const seen = same ? undefined : { found, remedy: `see that it is the one the application uses, or ${remedy}` };
    return judge('application-password', 'warning', `${to} has the password of ${from} already`, seen);
  } catch (error) {
    const { code, message } = toRehomeError(error);
    if (code !== 'POSTGRES_AUTHENTICATION_FAILED') throw error;
    return judge('application-password', 'error', '', { found: message, remedy });
  }
}

/** The reference leads to a password: a role that exists must take it. 28P01 is the one answer that speaks against it. */
export async function checkKnownPassword(login: SessionAddress, signal: AbortSignal): Promise<PreflightCheck> {
  const fine = `the password of ${login.user} is known`;
  try {
    const session = await openSession(login, { applicationName: 'rehome preflight', signal });
    await session.end();
    return judge('application-password', 'error', fine, undefined);
  } catch (error) {
    signal.throwIfAborted();
    const wrong = error instanceof RehomeError && error.sqlState === '28P01';
    const found = `${login.user} exists at the target, and secretRef is not its password`;
    const remedy = 'correct the reference, or set the password of the role';
    return judge('application-password', 'error', fine, wrong ? { found, remedy } : undefined);
  }
}
