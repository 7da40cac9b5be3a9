import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import { silentLogger } from '#shared/observability/logger.js';
import { readEventsUpTo } from '../harness/events-topic-reader.js';
import { SampleProcess, type ReadyLine } from '../harness/sample-process.js';
import { withClient } from '../../examples/sample-tenant/create-tenant.js';
import { PlannerClient } from '../../scripts/stack/planner-client.js';
import { projectRoot } from '../../scripts/stack/project-root.js';

/** What `up --json` promises to programs. */
interface Addresses {
  readonly plannerUrl: string;
  readonly executorUrl: string;
  readonly apiKeys: Readonly<Record<'viewer' | 'requester' | 'approver' | 'operator', string>>;
  readonly kafkaBrokers: string;
  readonly ledgerUrl: string;
  readonly ledgerAdminUrl: string;
  readonly provisionerUrl: string;
  readonly analystUrl: string;
  readonly cataloguePath: string;
  readonly servers: readonly { name: string; major: number; host: string; port: number; adminUrl: string }[];
}

const directory = mkdtempSync(join(tmpdir(), 'rehome-stack-'));
const stackDirectory = join(directory, 'stack');
const instanceId = randomUUID();
let addresses: Addresses;
let controller: (SampleProcess & { readonly ready: ReadyLine }) | undefined;
let migrationId: string;

/** As a program runs it: only standard output is read. */
function stack(...args: readonly string[]): Promise<string> {
  return stackIn({ REHOME_STACK_DIRECTORY: stackDirectory }, ...args);
}

async function stackIn(environment: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/bootstrap.mjs', 'stack', ...args], {
    cwd: projectRoot(),
    env: { ...process.env, ...environment },
  });
  return stdout;
}

function viewer(): PlannerClient {
  return new PlannerClient(addresses.plannerUrl, addresses.apiKeys.viewer);
}

async function endOf(id: string): Promise<string> {
  const deadline = Date.now() + 90_000;
  let status = '';
  while (!['completed', 'refused', 'rolled-back', 'halted'].includes(status) && Date.now() < deadline)
    ({ status } = await viewer().call<{ status: string }>('GET', `/v1/migrations/${id}?wait=10`));
  return status;
}

/** The process that holds the stack and everything below it. */
function familyOf(pid: number): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .map(Number)
      .filter((one) => one > 0)
      .map((one) => [one, parentOf(one)] as const),
  );
  const family = [pid];
  for (const member of family)
    family.push(...[...parents].filter(([, parent]) => parent === member).map(([one]) => one));
  return family;
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

/** A client's own database on a server of the stack, with an application that uses it. */
async function makeTenant(adminUrl: string): Promise<string> {
  const owner = { owner: 'shop', ownerPassword: 'shop-password' };
  const made = await SampleProcess.start('tenant', { settings: { adminUrl, database: 'shop', ...owner, scale: 0.01 } });
  await made.ended();
  const { hostname, port } = new URL(adminUrl);
  const conf = join(directory, 'shop.conf');
  const values = { db_host: hostname, db_port: port, db_user: 'shop', db_password: 'shop-password', db_name: 'shop' };
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}`);
  writeFileSync(conf, `[options]\n${lines.join('\n')}\nhttp_port = 0\n`, { mode: 0o600 });
  controller = await SampleProcess.start('service-controller', { args: ['--application', `shop=${conf}`, '--start'] });
  return conf;
}

beforeAll(async () => {
  addresses = JSON.parse(await stack('up', '--json')) as Addresses;
}, 180_000);

afterAll(async () => {
  await stack('down');
  await controller?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

describe('npm run stack', () => {
  it('prints in one object where everything is, and the same again while it runs', async () => {
    expect(addresses).toMatchObject({
      plannerUrl: expect.stringMatching(/^http:/),
      executorUrl: expect.stringMatching(/^http:/),
      apiKeys: { viewer: expect.any(String), requester: expect.any(String), approver: expect.any(String) },
      kafkaBrokers: expect.stringMatching(/:\d+$/),
      ledgerUrl: expect.stringMatching(/^postgres:/),
      ledgerAdminUrl: expect.stringMatching(/^postgres:.*\/rehome$/),
      analystUrl: expect.stringMatching(/^postgres:/),
      servers: [{ name: expect.any(String), host: expect.any(String), adminUrl: expect.stringMatching(/^postgres:/) }],
    });
    expect(existsSync(addresses.cataloguePath)).toBe(true);
    expect(JSON.parse(await stack('up', '--json'))).toEqual(addresses);
    expect(JSON.parse(await stack('status', '--json'))).toMatchObject({
      running: true,
      health: { planner: 'ready', executor: 'ready' },
      ...addresses,
    });
  }, 60_000);

  it('refuses to be another stack while one is running', async () => {
    const other = addresses.servers[0]?.major === 13 ? '14' : '13';
    await expect(stack('up', '--json', '--pg', other)).rejects.toThrow(/is running, not of 1[34]: end it with/);
  }, 30_000);

  it('takes the server of its ledger from the environment, leaves it running, and takes away what is off', async () => {
    const lent = new URL(addresses.servers[0]?.adminUrl ?? '');
    lent.pathname = '/lent_ledger';
    const environment = { REHOME_STACK_DIRECTORY: join(directory, 'other'), REHOME_LEDGER_URL: lent.toString() };
    const off = ['--services', 'off', '--kafka', 'off', '--provisioner', 'off'];
    try {
      const other = JSON.parse(await stackIn(environment, 'up', '--json', ...off)) as Addresses;
      expect(other).toMatchObject({ ledgerAdminUrl: lent.toString(), kafkaBrokers: '', provisionerUrl: '' });
      expect(new URL(other.ledgerUrl).host).toBe(lent.host);
    } finally {
      await stackIn(environment, 'down');
    }
    const head = await withClient(lent.toString(), undefined, (client) => client.query('select from ledger.head'));
    expect(head.rowCount).toBe(1);
  }, 120_000);

  it('serves any client: it moves a database that the client made, over REST', async () => {
    const planner = new PlannerClient(addresses.plannerUrl, addresses.apiKeys.operator);
    const server = addresses.servers[0];
    const conf = await makeTenant(server?.adminUrl ?? '');
    await planner.call('PUT', '/v1/services/shop', {
      control: { driver: 'http', url: `${controller?.ready.url ?? ''}/services/shop` },
      configFiles: [
        {
          path: conf,
          format: 'ini',
          section: 'options',
          keys: { host: 'db_host', port: 'db_port', user: 'db_user', password: 'db_password' },
        },
      ],
    });
    await planner.call('PUT', `/v1/instances/${instanceId}`, {
      plan: 'standard',
      server: server?.name,
      database: 'shop',
      owner: 'shop',
      service: 'shop',
    });
    const requester = new PlannerClient(addresses.plannerUrl, addresses.apiKeys.requester);
    const request = { kind: 'upgrade', instanceId, toPlan: 'premium' };
    ({ migrationId } = await requester.call<{ migrationId: string }>('POST', '/v1/migrations', request));
    expect(await endOf(migrationId)).toBe('completed');
    expect(await viewer().call('GET', `/v1/instances/${instanceId}`)).toMatchObject({ dbType: 'dedicated' });
  }, 120_000);

  it('restores a dump that lies where its maker may write [d22]', async () => {
    const { name = '', adminUrl = '' } = addresses.servers[0] ?? {};
    const dump = join(directory, 'notes.sql');
    writeFileSync(dump, 'CREATE TABLE public.notes AS SELECT 7 AS n;\n');
    const requester = new PlannerClient(addresses.plannerUrl, addresses.apiKeys.requester);
    const target = { server: name, database: 'notes', owner: 'shop' };
    const request = { kind: 'restore', backupId: { file: dump }, target };
    const asked = await requester.call<{ migrationId: string }>('POST', '/v1/migrations', request);
    expect(await endOf(asked.migrationId)).toBe('completed');
    const notes = await withClient(adminUrl, 'notes', (client) => client.query('select n from public.notes'));
    expect(notes.rows).toEqual([{ n: 7 }]);
  }, 60_000);

  it('lets analysts and readers of Kafka see it', async () => {
    const seen = await withClient(addresses.analystUrl, undefined, (client) =>
      client.query(`select status from analytics.migrations where migration_id::text = $1`, [migrationId]),
    );
    expect(seen.rows).toEqual([{ status: 'completed' }]);
    const brokers = addresses.kafkaBrokers.split(',');
    const client = new KafkaClient({ brokers, clientId: 'reader' }, silentLogger());
    const { headPosition } = await viewer().call<{ headPosition: string }>('GET', '/v1/audit/verify');
    const { events } = await readEventsUpTo(client, BigInt(headPosition));
    const types = events.filter(({ key }) => key === migrationId).map(({ type }) => type);
    expect(types.at(-1)).toBe('rehome.MigrationCompleted.v1');
  }, 60_000);

  it('ends everything on down, and leaves no file and no process', async () => {
    const { pid } = JSON.parse(readFileSync(join(stackDirectory, 'state.json'), 'utf8')) as { pid: number };
    const family = familyOf(pid);
    // Holder, ledger, server, dedicated server, Kafka, planner, executor, provisioner.
    expect(family.length).toBeGreaterThanOrEqual(8);
    await stack('down');
    expect(family.filter((one) => parentOf(one) > 0)).toEqual([]);
    expect(existsSync(stackDirectory)).toBe(false);
    await expect(fetch(addresses.plannerUrl)).rejects.toThrow();
    expect(JSON.parse(await stack('status', '--json'))).toMatchObject({ running: false });
  }, 60_000);
});
