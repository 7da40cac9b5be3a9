import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TOPICS } from '#shared/contracts/topics.js';
import { readTopic } from '#shared/messaging/topic-reader.js';
import { Canaries, filesBelow, processes } from '../harness/canaries.js';
import { MoveWorld } from '../harness/move-world.js';
import { PlannerClient } from '../../scripts/stack/planner-client.js';
import { toolMajor } from '../../scripts/stack/tool-major.js';
import type { MigrationBody } from '../../scripts/quickstart/migration-body.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const random = (): string => randomBytes(9).toString('base64url');
/** Characters that URLs, shells, INI files, SQL and JSON write otherwise. */
const OWNER = `canary-owner ${random()} ü/+&=?'"$x`;
const APPLICATION = `canary-app ${random()} ä/+&=?'"$y`;
const MISPLACED = `canary-misplaced-${random()}`;
const UNKNOWN_KEY = `rk_canary-key-${random()}`;
const VAULT_KEY = randomBytes(32).toString('base64');

let world: MoveWorld | undefined;
let canaries: Canaries;
let tenants: readonly SampleTenant[];
let moved: readonly MigrationBody[];
const watched = { programs: new Set<string>(), leaks: new Set<string>(), modes: new Set<string>() };
const answers: { name: string; text: string }[] = [];

function given(): MoveWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

function passwordOf(url: string): string {
  return decodeURIComponent(new URL(url).password);
}

/** Looks at the process list and the modes of work files until the moves have ended. */
async function watch(signal: AbortSignal): Promise<void> {
  const { workRoot } = given().stack;
  while (!signal.aborted) {
    for (const { commandLine, environment } of processes()) {
      const tool = /\bpg_(?:dump|restore)\b/.exec(commandLine)?.[0];
      if (tool !== undefined) watched.programs.add(tool);
      const seen = tool === undefined ? commandLine : `${commandLine} ${environment}`;
      for (const name of canaries.in(seen)) watched.leaks.add(`${name} in ${commandLine.slice(0, 80)}`);
    }
    for (const { path, mode } of filesBelow(workRoot))
      if ((mode & 0o077) !== 0) watched.modes.add(`${path} ${mode.toString(8)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function move(tenant: SampleTenant): Promise<MigrationBody> {
  return given().ended(await given().upgrade(tenant));
}

async function keep(name: string, planner: PlannerClient, method: string, path: string, body?: unknown): Promise<void> {
  const answer = await planner.raw(method, path, body);
  answers.push({ name: `${method} ${path} ${String(answer.status)} ${name}`, text: await answer.text() });
}

/** What anybody may ask, and what people do wrong with secrets. */
async function ask(): Promise<void> {
  const { planner } = given();
  const stranger = new PlannerClient(given().stack.plannerUrl, UNKNOWN_KEY);
  const server = { host: '127.0.0.1', port: 1, adminUser: 'postgres', adminSecretRef: MISPLACED };
  await keep('', stranger, 'GET', '/v1/migrations');
  await keep('', planner, 'PUT', '/v1/servers/wrong', server);
  await keep('', planner, 'POST', '/v1/migrations', { kind: 'upgrade', password: MISPLACED, toPlan: [MISPLACED] });
  await keep('', planner, 'POST', '/v1/migrations', `{"password": "${MISPLACED}`);
  for (const path of ['/v1/migrations', '/v1/audit/events', '/v1/servers/pool-2', '/metrics', '/openapi.json'])
    await keep('', planner, 'GET', path);
  for (const { instanceId } of tenants) await keep('', planner, 'GET', `/v1/instances/${instanceId}`);
  for (const { migrationId } of moved)
    for (const path of ['', '/events']) await keep('', planner, 'GET', `/v1/migrations/${migrationId}${path}`);
  await keep('executor', new PlannerClient(given().stack.executorUrl, ''), 'GET', '/metrics');
}

beforeAll(async () => {
  const major = toolMajor();
  world = await MoveWorld.start({
    servers: [
      { name: 'pool-2', major },
      { name: 'dedicated-1', major },
    ],
    executorEnv: { REHOME_VAULT_KEY: VAULT_KEY },
  });
  const { stack } = world;
  canaries = new Canaries({
    OWNER,
    APPLICATION,
    MISPLACED,
    UNKNOWN_KEY,
    VAULT_KEY,
    ...Object.fromEntries(stack.servers.map((server) => [server.name, passwordOf(server.adminUrl)])),
    ...Object.fromEntries(
      Object.entries<string>({ ...stack.ledgerUrls }).map(([name, url]) => [name, passwordOf(url)]),
    ),
    ...stack.apiKeys,
  });
  const [one, other] = [
    await world.tenant({ ownerPassword: OWNER }),
    await world.tenant({ ownerPassword: `${OWNER} too` }),
  ];
  tenants = [one, other];
  const ended = new AbortController();
  const watching = watch(ended.signal);
  try {
    const { host, port } = stack.server('dedicated-1');
    const known = { db_server_id: 'dedicated-1', db_host: host, db_port: port, db_user: 'app' };
    await world.provisionerFaults({ answer: { ...known, db_password: APPLICATION } });
    const first = await move(one);
    await world.provisionerFaults({});
    moved = [first, await move(other)];
  } finally {
    ended.abort();
    await watching;
  }
  await ask();
}, 240_000);

afterAll(() => world?.stop(), 60_000);

/** Where secrets turn up, out of many texts. */
async function found(texts: AsyncIterable<{ name: string; text: string }>): Promise<string[]> {
  const places: string[] = [];
  for await (const { name, text } of texts) places.push(...canaries.in(text).map((secret) => `${secret} in ${name}`));
  return places;
}

async function* kafkaRecords() {
  for (const { name } of TOPICS) {
    for (const { key, value, headers } of await readTopic(given().kafka(), name)) {
      const told = Object.entries(headers).map(([header, said]) => `${header}=${String(said)}`);
      yield { name, text: [key?.toString(), value?.toString(), ...told].join('\n') };
    }
  }
}

async function* ledgerRows() {
  const { adminUrl } = given().stack.ledger;
  const tables = await given().query<{ name: string }>(
    adminUrl,
    'rehome',
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm') and n.nspname !~ '^pg_|^information_schema$'`,
  );
  for (const { name } of tables) {
    const rows = await given().query<{ row: string }>(adminUrl, 'rehome', `select t::text as row from ${name} t`);
    yield { name, text: rows.map(({ row }) => row).join('\n') };
  }
}

describe('after moves with canaries for passwords, keys and the vault', () => {
  it('both tenants work on their new servers', () => {
    expect(moved.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(tenants[0]?.config()).toContain(APPLICATION);
  });

  it('no canary was in the process list, nor in the environment of the tools [c22]', () => {
    expect([...watched.programs].toSorted()).toEqual(['pg_dump', 'pg_restore']);
    expect([...watched.leaks]).toEqual([]);
  });

  it('no file of the work root was ever open to others', () => {
    expect([...watched.modes]).toEqual([]);
  });

  it('no canary is in any record of any topic, in clear, base64 or URL-encoded [c22]', async () => {
    expect(await found(kafkaRecords())).toEqual([]);
  }, 60_000);

  it('no canary is in any table of the ledger database [c22]', async () => {
    expect(await found(ledgerRows())).toEqual([]);
  });

  it('no canary is in any log, work file or other file of the stack, dumps aside [c22]', async () => {
    const files = filesBelow(given().stack.options.directory).filter(({ path }) => !/\/backups\/.*\/dump\//.test(path));
    expect(files.map(({ path }) => path.split('/').at(-1))).toEqual(
      expect.arrayContaining(['planner.log', 'executor.log']),
    );
    async function* texts() {
      for (const { path } of files) yield { name: path, text: await Promise.resolve(readFileSync(path, 'utf8')) };
    }
    expect(await found(texts())).toEqual([]);
  });

  it('the dumps are readable by the executor alone', () => {
    const dumps = filesBelow(given().stack.workRoot).filter(({ path }) => /\/backups\/.*\/dump\//.test(path));
    expect(dumps.length).toBeGreaterThan(0);
    expect(new Set(dumps.map(({ mode }) => mode))).toEqual(new Set([0o600]));
  });

  it('no canary is in any answer, nor one that somebody sent by mistake', async () => {
    async function* texts() {
      for (const answer of answers) yield await Promise.resolve(answer);
    }
    expect(answers.length).toBeGreaterThan(12);
    expect(await found(texts())).toEqual([]);
    expect(answers.slice(0, 4).map(({ name }) => name.split(' ')[2])).toEqual(['401', '400', '400', '400']);
  });
});
