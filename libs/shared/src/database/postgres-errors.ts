import { types } from 'node:util';
import { RehomeError, toRehomeError } from '../errors/rehome-error.js';
import type { ErrorCode } from '../errors/error-codes.js';

/** Node's own failures of a connection; `pg` adds none of its own codes. */
const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'ERR_SOCKET_CLOSED',
]);

/** First match wins: full SQLSTATEs before classes (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const BY_SQLSTATE: readonly (readonly [prefix: string, code: ErrorCode])[] = [
  ['57P', 'POSTGRES_UNREACHABLE'], // shutting down, crashed, starting up
  ['08', 'POSTGRES_UNREACHABLE'],
  ['53300', 'POSTGRES_UNREACHABLE'], // too many connections
  ['28', 'POSTGRES_AUTHENTICATION_FAILED'],
  ['3D000', 'POSTGRES_STATEMENT_FAILED'],
  ['40', 'POSTGRES_TRANSIENT'], // serialization failure, deadlock
  ['55P03', 'POSTGRES_TRANSIENT'], // lock not available
  ['55006', 'POSTGRES_TRANSIENT'], // object in use
  ['57014', 'POSTGRES_TRANSIENT'], // statement timeout or cancel
  ['53', 'POSTGRES_TRANSIENT'], // out of disk, memory, connections
  ['25006', 'POSTGRES_TRANSIENT'], // read-only: a standby before its promotion
];

/** SQLSTATE or Node error code of a thrown value, when it carries one. */
export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * Any failure of a PostgreSQL client as an error of the house, by SQLSTATE or Node error code. What carries
 * neither comes from `pg` itself (connection ended, time-out) or from TLS: the server did not answer.
 */
export function classifyPostgresError(error: unknown): RehomeError {
  // isNativeError, not instanceof: Node's own errors come from another realm under Jest.
  if (error instanceof RehomeError || !types.isNativeError(error)) return toRehomeError(error);
  if (error.name === 'TypeError' || error.name === 'RangeError') return toRehomeError(error);
  const code = errorCodeOf(error);
  if (code === undefined || NETWORK_CODES.has(code) || !SQLSTATE.test(code)) {
    // An AggregateError (all addresses of a name refused) has an empty message.
    return new RehomeError('POSTGRES_UNREACHABLE', error.message || (code ?? 'no connection'), { cause: error });
  }
  const entry = BY_SQLSTATE.find(([prefix]) => code.startsWith(prefix));
  return new RehomeError(entry?.[1] ?? 'POSTGRES_STATEMENT_FAILED', error.message, { cause: error, sqlState: code });
}
