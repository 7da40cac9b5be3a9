import { describe, expect, it } from '@jest/globals';
import { RehomeError } from '../errors/rehome-error.js';
import { createLogger, scrubUrls } from './logger.js';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  const logger = createLogger({
    name: 'test',
    level: 'debug',
    destination: { write: (line: string) => (text += line) },
  });
  write(logger);
  return text;
}

describe('logger', () => {
  it('writes facts as fields under a constant message', () => {
    const line: unknown = JSON.parse(
      logged((logger) => {
        logger.info({ migrationId: 'm1', durationMs: 5 }, 'migration completed');
      }),
    );
    expect(line).toMatchObject({
      level: 'info',
      name: 'test',
      migrationId: 'm1',
      durationMs: 5,
      msg: 'migration completed',
    });
  });

  it('never writes a secret field or a URL with a password, wherever it comes from', () => {
    const text = logged((logger) => {
      logger.info(
        { password: 'canary-1', answer: { db_password: 'canary-2', deep: { authorization: 'Bearer canary-3' } } },
        'answered',
      );
      logger.warn({ url: 'postgres://u:canary-4@host/db' }, 'connecting');
      logger.error(
        {
          err: new Error('cannot reach postgres://u:can@ary-5@host:1/db', { cause: new Error('amqp://x:canary-6@y') }),
        },
        'failed',
      );
      logger.info('plain postgres://u:canary-7@host/db');
    });
    expect(text).not.toMatch(/canary|ary-5/);
    expect(text).toContain('postgres://u:[redacted]@host');
  });

  it('logs the code and facts of an error of the house', () => {
    const line: unknown = JSON.parse(
      logged((logger) => {
        logger.error({ err: new RehomeError('LEASE_LOST', 'fence 3', { facts: { fence: 3 } }) }, 'step ended');
      }),
    );
    expect(line).toMatchObject({ err: { code: 'LEASE_LOST', detail: 'fence 3', facts: { fence: 3 } } });
  });

  it('leaves URLs without a password as they are', () => {
    expect(scrubUrls('http://host:8400/v1/a@b and kafka://u@h')).toBe('http://host:8400/v1/a@b and kafka://u@h');
  });
});
