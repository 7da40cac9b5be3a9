import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { startPostgres } from '../harness/servers/start-servers.js';
import type { RunningPostgres } from '../harness/servers/running-server.js';
import { SampleProcess } from '../harness/sample-process.js';
import { withClient } from '../../examples/sample-tenant/create-tenant.js';

const database = `odoo "acme" ü'x`;
const owner = 'Acme "owner"';
const ownerPassword = `can'a"ry=1`;

describe('the sample tenant', () => {
  let server: RunningPostgres | undefined;
  let directory: string;
  let tenant: Readonly<Record<string, unknown>>;

  const running = (): RunningPostgres => {
    if (!server) throw new Error('the server did not start');
    return server;
  };
  const ask = (text: string): Promise<pg.QueryResult<Record<string, unknown>>> =>
    withClient(running().adminUrl, database, (client) => client.query(text));

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rehome-sample-'));
    server = await startPostgres({ major: 15, durable: false });
    const settings = { adminUrl: running().adminUrl, database, owner, ownerPassword, scale: 0.02 };
    const made = await SampleProcess.start('tenant', { settings });
    expect(await made.ended()).toBe(0);
    tenant = made.ready;
  }, 120_000);

  afterAll(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('has 7 users, 40 partners and everything that is hard to move', async () => {
    expect(tenant).toMatchObject({ ready: true, database, owner, largeObjects: 8 });
    const { rows } = await ask(`
      select (select count(*)::int from res_users) as users,
             (select count(*)::int from res_partner) as partners,
             (select count(*)::int from pg_trigger where not tgisinternal) as triggers,
             (select count(*)::int from pg_policy) as policies,
             (select count(*)::int from pg_default_acl) as default_privileges,
             (select last_value from ir_sequence_invoice)::text as high,
             (select is_called from ir_sequence_unused) as used,
             (select count(*)::int from pg_largeobject_metadata where lomacl is not null) as granted,
             (select count(*)::int from pg_db_role_setting where setdatabase > 0) as settings`);
    expect(rows[0]).toMatchObject({
      users: 7,
      partners: 40,
      policies: 3,
      default_privileges: 2,
      used: false,
      granted: 4,
      settings: 2,
    });
    expect(BigInt(String(rows[0]?.['high']))).toBeGreaterThan(9_000_000_000_000_000_000n);
    expect(tenant['tables']).toBeGreaterThanOrEqual(21);
  });

  it('belongs to its owner, who is no superuser', async () => {
    const { rows } = await ask(`
      select distinct pg_get_userbyid(relowner) as owner, rolsuper
        from pg_class
        join pg_roles r on r.oid = relowner
       where relnamespace = 'public'::regnamespace
         and relname <> 'pg_trgm'`);
    expect(rows).toEqual([{ owner, rolsuper: false }]);
  });

  describe('as a running application', () => {
    const conf = (): string => join(directory, 'odoo.conf');
    const write = (overrides: Record<string, string | number> = {}): Promise<void> => {
      const values = {
        db_host: running().host,
        db_port: running().port,
        db_user: owner,
        db_password: ownerPassword,
        db_name: database,
        http_port: 0,
        ...overrides,
      };
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${String(value)}`);
      return writeFile(conf(), `[options]\n; by hand\n${lines.join('\n')}\n`);
    };
    const health = async (url: string): Promise<{ status: number; body: Record<string, unknown> }> => {
      const response = await fetch(`${url}/health`);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };

    it('reads only its config file, holds three connections, writes, and ends by SIGTERM [c14]', async () => {
      await write();
      const env = {
        PGHOST: 'nowhere.invalid',
        PGPASSWORD: 'wrong',
        PGDATABASE: 'none',
        ODOO_DATABASE_HOST: 'nowhere.invalid',
      };
      const application = await SampleProcess.start('application', { args: ['--config', conf()], env });
      await until(async () => (await health(application.ready.url)).status === 200);
      const before = Number((await health(application.ready.url)).body['writes']);
      await until(async () => Number((await health(application.ready.url)).body['writes']) > before + 1);
      const { rows } = await ask(
        `select count(*)::int as sessions from pg_stat_activity where application_name like 'sample-tenant%'`,
      );
      expect(rows[0]).toEqual({ sessions: 3 });
      expect(await application.stop()).toBe(0);
    });

    it('survives ended sessions', async () => {
      await write();
      const application = await SampleProcess.start('application', { args: ['--config', conf()] });
      await until(async () => (await health(application.ready.url)).status === 200);
      await ask(`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'sample-tenant%'`);
      await until(async () => Number((await health(application.ready.url)).body['errors']) >= 3);
      await until(async () => (await health(application.ready.url)).status === 200);
      await application.stop();
    });

    it('is not healthy while it cannot connect', async () => {
      await write({ db_password: 'wrong' });
      const application = await SampleProcess.start('application', { args: ['--config', conf()] });
      await until(async () => Number((await health(application.ready.url)).body['errors']) > 0);
      expect((await health(application.ready.url)).status).toBe(503);
      await application.stop();
    });

    it('ends with 255 when its config file is missing [c14] [c25]', async () => {
      await rm(conf(), { force: true });
      const started = SampleProcess.start('application', {
        args: ['--config', conf()],
        env: { PGHOST: running().host },
      });
      await expect(started).rejects.toThrow('ended with 255');
    });
  });

  it('has a neighbour that writes about 40 times a second and tells writes and errors', async () => {
    const settings = {
      adminUrl: running().adminUrl,
      database: 'odoo_globex',
      owner: 'globex',
      ownerPassword: 'canary-2',
    };
    const neighbour = await SampleProcess.start('neighbour', { settings });
    const counts = async (): Promise<Record<string, number>> =>
      (await fetch(`${neighbour.ready.url}/counts`)).json() as Promise<Record<string, number>>;
    await until(async () => ((await counts())['writes'] ?? 0) >= 40);
    await neighbour.stop();
    const last = JSON.parse(neighbour.lines.at(-1) ?? '') as Record<string, number>;
    const { rows } = await withClient(running().adminUrl, 'odoo_globex', (client) =>
      client.query<{ n: number }>('select count(*)::int as n from journal'),
    );
    expect(last).toMatchObject({ errors: 0, writes: rows[0]?.n });
    expect(last['writesPerSecond']).toBeLessThan(60);
  });

  it('shows no password in the process list', async () => {
    const settings = {
      adminUrl: running().adminUrl,
      database: 'odoo_globex',
      owner: 'globex',
      ownerPassword: 'canary-2',
    };
    const neighbour = await SampleProcess.start('neighbour', { settings });
    const commandLine = await readFile(`/proc/${String(neighbour.ready.pid)}/cmdline`, 'utf8').catch(() => '');
    expect(commandLine).not.toContain('canary');
    expect(commandLine).not.toContain('postgres://');
    await neighbour.stop();
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
