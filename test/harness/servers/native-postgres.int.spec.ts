import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import pg from 'pg';
import { nativePostgresBinaries, startNativePostgres } from './native-postgres.js';
import { portIsOpen } from './port-is-open.js';
import type { RunningPostgres } from './running-server.js';

const MAJORS = [13, 14, 15, 16, 17, 18].filter((major) => nativePostgresBinaries(major) !== undefined);

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
    server = await startNativePostgres({ major: 15, settings: { work_mem: '5MB' } });
  });
  afterAll(() => server?.stop());

  it('takes settings of the caller over its own', async () => {
    expect(await ask(running().adminUrl, `select current_setting('work_mem') as answer`)).toBe('5MB');
    expect(await ask(running().adminUrl, `select current_setting('wal_level') as answer`)).toBe('logical');
  });

  it('keeps port and data when it is killed and started again', async () => {
    const { adminUrl, port } = running();
    await ask(adminUrl, 'create table kept (id int)');
    await running().kill9();
    expect(await portIsOpen(running())).toBe(false);
    await running().restart();
    expect(running().port).toBe(port);
    expect(await ask(adminUrl, `select to_regclass('kept')::text as answer`)).toBe('kept');
  });

  it('restarts while it runs', async () => {
    const started = 'select pg_postmaster_start_time()::text as answer';
    const before = await ask(running().adminUrl, started);
    await running().restart();
    expect(await ask(running().adminUrl, started)).not.toBe(before);
  });

  it.each(MAJORS)('is of major %i when asked, and leaves no file behind', async (major) => {
    const other = await startNativePostgres({ major, durable: false });
    try {
      const version = `select current_setting('server_version_num')::int / 10000 as answer`;
      expect(await ask(other.adminUrl, version)).toBe(major);
      expect(await ask(other.adminUrl, `select current_setting('fsync') as answer`)).toBe('off');
    } finally {
      await other.stop();
    }
    expect(existsSync(other.dataDirectory ?? '')).toBe(false);
  });

  it('ends when the process that started it is killed', async () => {
    const owner = spawn(process.execPath, ['test/harness/servers/print-native-postgres.mjs'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const port = Number(line.toString());
    expect(await portIsOpen({ host: '127.0.0.1', port })).toBe(true);
    owner.kill('SIGKILL');
    await waitUntil(async () => !(await portIsOpen({ host: '127.0.0.1', port })));
  });
});

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
