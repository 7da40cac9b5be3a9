import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import pg from 'pg';
import { startNativePostgres } from './native-postgres.js';
import type { RunningPostgres } from './running-server.js';

async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ answer: unknown }>(text)).rows[0]?.answer;
  } finally {
    await client.end();
  }
}

describe('a native PostgreSQL server', () => {
  let server: RunningPostgres | undefined;
  const running = () => {
    if (server === undefined) throw new Error('the server did not start');
    return server;
  };

  beforeAll(async () => {
    server = await startNativePostgres({ major: 15 });
  });
  afterAll(() => server?.stop());

  it('is of the major that was asked for', async () => {
    expect(await ask(running().adminUrl, `select current_setting('server_version_num')::int / 10000 as answer`)).toBe(
      15,
    );
  });

  it('keeps port and data when it is killed and started again', async () => {
    const { adminUrl, port } = running();
    await ask(adminUrl, 'create table kept (id int)');
    await running().kill9();
    await running().restart();
    expect(running().port).toBe(port);
    expect(await ask(adminUrl, `select to_regclass('kept')::text as answer`)).toBe('kept');
  });

  it('leaves no file behind', async () => {
    const other = await startNativePostgres({ major: 15, durable: false });
    expect(existsSync(other.dataDirectory ?? '')).toBe(true);
    await other.stop();
    expect(existsSync(other.dataDirectory ?? '')).toBe(false);
  });
});
