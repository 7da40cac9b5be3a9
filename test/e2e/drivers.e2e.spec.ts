import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConfigFileDefinition } from '#shared/contracts/registry.js';
import { ConfigBackups } from '../../apps/executor/src/drivers/config-files/config-backups.js';
import { ConfigFileDriver } from '../../apps/executor/src/drivers/config-files/config-file.driver.js';
import { ProvisionerClient } from '../../apps/executor/src/drivers/provisioner/provisioner.client.js';
import { HttpServiceDriver } from '../../apps/executor/src/drivers/services/http-service.driver.js';
import { startUntilHealthy, stopAndConfirm } from '../../apps/executor/src/drivers/services/service-waits.js';
import { Redactor } from '../../apps/executor/src/secrets/redact.js';
import { Sealer } from '../../apps/executor/src/secrets/sealing.js';
import { createTenant, withClient } from '../../examples/sample-tenant/create-tenant.js';
import { SampleProcess, type ReadyLine } from '../harness/sample-process.js';
import { startPostgres } from '../harness/servers/start-servers.js';
import type { RunningPostgres } from '../harness/servers/running-server.js';

const { signal } = new AbortController();
const allowedHosts = ['127.0.0.1', 'localhost'];
const tenant = { database: 'odoo_acme', owner: 'acme', ownerPassword: 'canary-1', scale: 0.001 };
const key = { migrationId: '01939c1e-0000-7000-8000-000000000001', stepId: 'edit-config' };
const keys = { host: 'db_host', port: 'db_port', user: 'db_user', password: 'db_password' };

type Sample = SampleProcess & { readonly ready: ReadyLine };

interface Pair {
  readonly old: RunningPostgres;
  readonly provisioner: Sample;
  readonly directory: string;
}

describe('the drivers, with a real application', () => {
  let pair: Pair | undefined;
  let controller: Sample | undefined;
  let file: ConfigFileDefinition;
  let files: ConfigFileDriver;
  let service: HttpServiceDriver;

  const given = (): Pair => {
    if (!pair) throw new Error('the servers did not start');
    return pair;
  };
  const waits = { service: 'odoo-acme', signal, timeoutMs: 20_000, pollMs: 20 };
  const provisionerClient = (timeoutMs = 60_000): ProvisionerClient =>
    new ProvisionerClient({
      url: given().provisioner.ready.url,
      allowedHosts,
      redactor: new Redactor(),
      canDeprovision: true,
      timeoutMs,
    });

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rehome-drivers-'));
    const old = await startPostgres({ major: 15, durable: false });
    const provisioner = await SampleProcess.start('provisioner', { args: ['--major', '15'] });
    pair = { old, provisioner, directory };
    await createTenant({ ...tenant, adminUrl: old.adminUrl });
  }, 120_000);

  afterAll(async () => {
    await pair?.provisioner.stop();
    await pair?.old.stop();
    if (pair) await rm(pair.directory, { recursive: true, force: true });
  });

  beforeEach(async () => {
    const { directory, old } = given();
    file = { path: join(directory, 'odoo.conf'), format: 'ini', section: 'options', keys };
    const lines = [
      '[options]',
      `db_host = ${old.host}`,
      `db_port = ${String(old.port)}`,
      'db_user = acme',
      'db_password = canary-1',
      'db_name = odoo_acme',
      '; workers',
      'workers = 2',
    ];
    await writeFile(file.path, `${lines.join('\n')}\n`);
    files = new ConfigFileDriver({
      roots: [directory],
      backups: new ConfigBackups(join(directory, `backups-${String(Math.random())}`), new Sealer(Buffer.alloc(32, 1))),
    });
    controller = await SampleProcess.start('service-controller', {
      args: ['--application', `odoo-acme=${file.path}`, '--start'],
    });
    service = new HttpServiceDriver(`${controller.ready.url}/services/odoo-acme`, { allowedHosts });
    await startUntilHealthy(service, waits);
  }, 60_000);

  afterEach(() => controller?.stop());

  const sessions = async (url: string): Promise<number> =>
    withClient(url, 'odoo_acme', async (client) => {
      const { rows } = await client.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where application_name like 'sample-tenant%'`,
      );
      return rows[0]?.count ?? -1;
    });

  it('move an application by its config file: no session is left at the old server, all are at the new [c12] [c20]', async () => {
    const { old } = given();
    const made = await provisionerClient().provision('46784872-0000-4000-8000-000000000001', 'm/p/1', signal);
    const adminUrl = `postgres://${made.user}:${encodeURIComponent(made.password)}@${made.host}:${String(made.port)}/postgres`;
    await createTenant({ ...tenant, ownerPassword: 'canary-2', adminUrl });
    expect(await sessions(old.adminUrl)).toBe(3);

    expect(await stopAndConfirm(service, waits)).toEqual({ stateBefore: 'running', confirmedState: 'stopped' });
    expect(await sessions(old.adminUrl)).toBe(0);
    const connection = { host: made.host, port: made.port, user: 'acme', password: 'canary-2', database: 'odoo_acme' };
    const edited = await files.edit(file, connection, key);
    await startUntilHealthy(service, waits);
    expect([await sessions(old.adminUrl), await sessions(adminUrl)]).toEqual([0, 3]);
    expect(await readFile(file.path, 'utf8')).toContain('; workers\nworkers = 2\n');

    await stopAndConfirm(service, waits);
    await files.restore(file, key, edited);
    await startUntilHealthy(service, waits);
    expect([await sessions(old.adminUrl), await sessions(adminUrl)]).toEqual([3, 0]);
    expect(await provisionerClient().deprovision(made.dbServerId, signal)).toBe('deprovisioned');
    await expect(withClient(adminUrl, undefined, (client) => client.query('select 1'))).rejects.toThrow();
  }, 60_000);

  it('set the environment too, which by itself moves nothing [c13] [c14] [c25]', async () => {
    await stopAndConfirm(service, waits);
    await service.setEnvironment({ ODOO_DATABASE_HOST: 'nowhere.invalid', ODOO_DATABASE_PASSWORD: 'canary-3' }, signal);
    await startUntilHealthy(service, waits);
    expect(await sessions(given().old.adminUrl)).toBe(3);
    const kept = await fetch(`${controller?.ready.url ?? ''}/services/odoo-acme/environment`);
    expect(await kept.json()).toMatchObject({ ODOO_DATABASE_HOST: 'nowhere.invalid' });
  });

  it('refuse a deleted config file, and say exit code 255 of an application that was started without [c25]', async () => {
    await stopAndConfirm(service, waits);
    await rm(file.path);
    await expect(files.read(file)).rejects.toMatchObject({ code: 'CONFIG_FILE_MISSING' });
    await expect(startUntilHealthy(service, waits)).rejects.toMatchObject({
      code: 'SERVICE_NOT_HEALTHY',
      facts: { exitCode: 255 },
    });
    expect(await service.logs(new Date(0), signal)).toContain('odoo.conf');
  });

  it('apply cpu, memory and storage [c3]', async () => {
    await service.resize({ cpu: 4, memory: '4Gi', storage: '50Gi' }, signal);
    const kept = await fetch(`${controller?.ready.url ?? ''}/services/odoo-acme/resources`);
    expect(await kept.json()).toEqual({ cpu: 4, memory: '4Gi', storage: '50Gi' });
  });

  it('do not take a service for stopped that ignores the stop [c6]', async () => {
    const faults = `${controller?.ready.url ?? ''}/services/odoo-acme/faults`;
    await fetch(faults, { method: 'PUT', body: JSON.stringify({ stop: 'ignore' }) });
    await expect(stopAndConfirm(service, { ...waits, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'SERVICE_NOT_STOPPED',
    });
    await fetch(faults, { method: 'PUT', body: JSON.stringify({ stop: 'refuse' }) });
    await expect(stopAndConfirm(service, waits)).rejects.toMatchObject({ code: 'SERVICE_REFUSED' });
    await fetch(faults, { method: 'PUT', body: JSON.stringify({ unavailable: 2 }) });
    await stopAndConfirm(service, waits);
  });

  it('get one server for one key, also when the first answer was an error, nonsense or none [c8]', async () => {
    const fault = (body: object): Promise<Response> =>
      fetch(`${given().provisioner.ready.url}/faults`, { method: 'PUT', body: JSON.stringify(body) });
    const ask = (client = provisionerClient()) =>
      client.provision('46784872-0000-4000-8000-000000000002', 'm/p/2', signal);
    await fault({ status500: 1 });
    await expect(ask()).rejects.toMatchObject({ code: 'PROVISIONER_UNAVAILABLE' });
    await fault({ nonsense: 1 });
    await expect(ask()).rejects.toMatchObject({ code: 'PROVISIONER_ANSWER_INVALID' });
    await fault({ hang: 1 });
    await expect(ask(provisionerClient(50))).rejects.toMatchObject({ code: 'PROVISIONER_UNAVAILABLE' });
    await fault({});
    const [one, two] = await Promise.all([ask(), ask()]);
    expect(one).toEqual(two);
    expect(await ask()).toEqual(one);
    expect(await provisionerClient().deprovision(one.dbServerId, signal)).toBe('deprovisioned');
    expect(await provisionerClient().deprovision(one.dbServerId, signal)).toBe('deprovisioned');
  }, 60_000);
});
