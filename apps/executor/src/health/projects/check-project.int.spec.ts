import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ProjectDatabase } from '#shared/contracts/projects.js';
import { Metrics } from '#shared/observability/metrics.js';
import { loadedProject } from '#shared/projects/project-test-kit.js';
import { createTestDatabase, type TestDatabase } from '../../../../../test/harness/database.js';
import { addressOf, run } from '../../../../../test/harness/moved-database.js';
import { checkProject } from './check-project.js';

/** Takes connections and says nothing, as a server behind a firewall. */
let silent: Server;
/** Lets everybody log in and answers no query, as one whose disk hangs. */
let stuck: Server;
const sockets = new Set<Socket>();
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  silent = await listening((socket) => sockets.add(socket));
  stuck = await listening(untilLoggedIn);
}, 60_000);

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  stuck.close();
  await database.drop();
});

async function listening(taken: (socket: Socket) => void): Promise<Server> {
  const server = createServer(taken);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Between a client and the real server up to its first ReadyForQuery. */
function untilLoggedIn(client: Socket): void {
  const { host, port } = addressOf(database.url);
  const upstream = connect({ host, port });
  for (const socket of [client, upstream]) {
    sockets.add(socket);
    socket.on('error', () => undefined);
  }
  client.pipe(upstream);
  upstream.on('data', (answer: Buffer) => {
    client.write(answer);
    if (answer.includes('Z\0\0\0\x05I')) client.unpipe(upstream);
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function yaml(aliases: readonly string[], schemas: string): string {
  const databases = aliases.map(
    (alias) => `  ${alias}: { server: ${alias}, database: ${database.name}, schemas: ${schemas} }`,
  );
  return `name: shop\ndatabases:\n${databases.join('\n')}\nrouter: { default: ${aliases[0] ?? ''} }\n`;
}

async function look(aliases: readonly string[], schemas = '[public]') {
  const project = await loadedProject({
    'project.yaml': yaml(aliases, schemas),
    'migrations/shop/1_a.up.sql': 'create table a (id int primary key);',
  });
  const { host, port, user, password } = addressOf(database.url);
  const endpoint = { host, port, adminUser: user, adminSecretRef: 'env:X' };
  const servers = [
    { name: 'real', ...endpoint },
    { name: 'silent', ...endpoint, port: portOf(silent) },
    { name: 'stuck', ...endpoint, port: portOf(stuck) },
  ];
  const databases: readonly ProjectDatabase[] = project.definition.databases;
  return checkProject(databases, servers, {
    project,
    addressOf: ({ host: at, port: on, adminUser }, name) =>
      Promise.resolve({ host: at, port: on, user: adminUser, password, database: name }),
    sessionName: 'rehome health test',
    metrics: new Metrics(),
    signal: new AbortController().signal,
  });
}

describe('a look at the databases of a project', () => {
  it.each(['silent', 'stuck'])(
    'gives up a server that is %s in time, and tells of the others [e12] [d29]',
    async (name) => {
      const [real, hanging] = await look(['real', name]);
      expect(real).toMatchObject({ state: 'behind', pendingCount: 1 });
      expect(hanging).toMatchObject({ state: 'unreachable', alias: name });
      // It gives up after 15 s.
      expect(hanging?.durationMs).toBeLessThan(20_000);
      expect(real?.durationMs).toBeLessThan(hanging?.durationMs ?? 0);
    },
    30_000,
  );

  it('tells of a server that nobody registered', async () => {
    expect(await look(['unregistered'])).toMatchObject([
      { state: 'unreachable', detail: 'the registry holds no server unregistered' },
    ]);
  });

  it('counts the tables of every schema that a pattern means, an underscore being one [e18]', async () => {
    await run(
      addressOf(database.url),
      ['tenant_a', 'tenant_b', 'tenantxc']
        .map((name) => `create schema ${name}; create table ${name}.a (id int)`)
        .join(';'),
    );
    expect(await look(['real'], '["tenant_*"]')).toMatchObject([
      { tables: 2, tableNames: ['tenant_a.a', 'tenant_b.a'], state: 'behind' },
    ]);
  });

  it('is unhealthy where no schema answers to a pattern or a name, for nothing is looked at there [e12]', async () => {
    expect(await look(['real'], '["absent_*"]')).toMatchObject([
      { state: 'unhealthy', detail: 'no schema is called absent_*' },
    ]);
    expect(await look(['real'], '[public, absent]')).toMatchObject([
      { state: 'unhealthy', detail: 'no schema is called absent' },
    ]);
  });
});
