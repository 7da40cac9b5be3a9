import { describe, expect, test } from '@jest/globals';
import { RehomeError } from '../errors/rehome-error.js';
import { classifyPostgresError } from './postgres-errors.js';

function withCode(code: string | undefined, message = 'said so'): Error {
  return code === undefined ? new Error(message) : Object.assign(new Error(message), { code });
}

describe('a failure of PostgreSQL', () => {
  test.each([
    ['ECONNREFUSED', 'POSTGRES_UNREACHABLE'],
    ['EPIPE', 'POSTGRES_UNREACHABLE'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'POSTGRES_UNREACHABLE'],
    [undefined, 'POSTGRES_UNREACHABLE'],
    ['57P01', 'POSTGRES_UNREACHABLE'],
    ['57P03', 'POSTGRES_UNREACHABLE'],
    ['08006', 'POSTGRES_UNREACHABLE'],
    ['53300', 'POSTGRES_UNREACHABLE'],
    ['28P01', 'POSTGRES_AUTHENTICATION_FAILED'],
    ['28000', 'POSTGRES_AUTHENTICATION_FAILED'],
    ['40001', 'POSTGRES_TRANSIENT'],
    ['40P01', 'POSTGRES_TRANSIENT'],
    ['55P03', 'POSTGRES_TRANSIENT'],
    ['57014', 'POSTGRES_TRANSIENT'],
    ['53100', 'POSTGRES_TRANSIENT'],
    ['25006', 'POSTGRES_TRANSIENT'],
    ['42P01', 'POSTGRES_STATEMENT_FAILED'],
    ['23505', 'POSTGRES_STATEMENT_FAILED'],
    ['3D000', 'POSTGRES_STATEMENT_FAILED'],
  ])('with code %s is %s, whatever its message says', (code, expected) => {
    for (const message of ['deadlock detected', 'password authentication failed', '']) {
      expect(classifyPostgresError(withCode(code, message)).code).toBe(expected);
    }
  });

  test('keeps its SQLSTATE and its cause; a network error has no SQLSTATE', () => {
    const refused = withCode('42P01');
    expect(classifyPostgresError(refused)).toMatchObject({ sqlState: '42P01', cause: refused, message: 'said so' });
    expect(classifyPostgresError(withCode('ECONNRESET')).sqlState).toBeUndefined();
  });

  test('that is already one of the house stays as it is', () => {
    const own = new RehomeError('LEASE_LOST', 'x');
    expect(classifyPostgresError(own)).toBe(own);
  });

  test('that is a mistake of the program is INTERNAL, never retried', () => {
    expect(classifyPostgresError(new TypeError('x is undefined')).code).toBe('INTERNAL');
    expect(classifyPostgresError('thrown text').code).toBe('INTERNAL');
  });
});
