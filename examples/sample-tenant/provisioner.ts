import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { quoteIdentifier, quoteLiteral } from '#shared/database/identifier.js';
import { dockerAnswers } from '../../test/harness/servers/docker-engine.js';
import { startNativePostgres } from '../../test/harness/servers/native-postgres.js';
import type { RunningPostgres } from '../../test/harness/servers/running-server.js';
import { listenJson, type JsonAnswer, type JsonRequest } from './json-server.js';
import { endWithParent, printLine, untilToldToEnd } from './ready-line.js';

/**
 * Makes dedicated PostgreSQL servers over HTTP (contracts.md, "HTTP call-outs"): every new Idempotency-Key gets a new
 * cluster with a random port and password, a known one the same answer again.
 * For tests besides: `GET /servers`, `POST /servers/<id>/restart`, and `PUT /faults` `{status500: n, hang: n, nonsense: n, answer: {…}}`: the next n
 * calls are answered 500, never, or with nonsense; `answer` is laid over every answer, and one
 * with a `db_server_id` given instead of a new cluster.
 *
 *     node provisioner.js --port 0 --major 18
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    major: { type: 'string', default: '18' },
    /** Role that is answered: made in the new cluster with the rights below; absent: its superuser. */
    user: { type: 'string' },
    /** Of `--user`: superuser, createdb (and createrole), or login alone. */
    rights: { type: 'string', default: 'superuser' },
    durable: { type: 'boolean', default: false },
    'end-with-parent': { type: 'boolean' },
  },
});

const RIGHTS: Readonly<Record<string, string>> = {
  superuser: 'superuser',
  createdb: 'createdb createrole',
  login: '',
};

interface Answer {
  readonly db_server_id: string;
  readonly db_host: string;
  readonly db_port: number;
  readonly db_user: string;
  readonly db_password: string;
}

interface Faults {
  readonly status500?: number;
  readonly hang?: number;
  readonly nonsense?: number;
  readonly answer?: Readonly<Record<string, unknown>>;
}

const servers = new Map<string, RunningPostgres>();
const answers = new Map<string, Promise<Answer>>();
let faults: Faults = {};

async function handle(request: JsonRequest): Promise<JsonAnswer | undefined> {
  const [root, id = '', verb] = request.path;
  if (root === 'servers' && verb === 'restart') return restart(id);
  switch (`${request.method} /${request.path.join('/')}`) {
    case 'POST /api/database/provision-dedicated':
      return provision(request);
    case 'POST /api/database/deprovision':
      return deprovision(textOf(request.body, 'db_server_id'));
    case 'GET /servers':
      return {
        status: 200,
        body: {
          servers: [...servers].map(([id, { host, port, adminUrl }]) => ({ db_server_id: id, host, port, adminUrl })),
        },
      };
    case 'PUT /faults':
      faults = request.body as Faults;
      return { status: 200 };
    default:
      return { status: 404 };
  }
}

async function provision({ body, headers }: JsonRequest): Promise<JsonAnswer | undefined> {
  if (takeFault('hang')) return undefined;
  if (takeFault('status500')) return { status: 500, body: { error: 'switched on by a test' } };
  if (takeFault('nonsense')) return { status: 200, body: 'all is well' };
  const instanceId = textOf(body, 'instance_id');
  if (instanceId === '') return { status: 422, body: { error: 'instance_id is missing' } };
  // Somebody else's server: nothing is made.
  if (faults.answer?.['db_server_id'] !== undefined) return { status: 200, body: faults.answer };
  const key = String(headers['idempotency-key'] ?? randomBytes(8).toString('hex'));
  const known = answers.get(key) ?? make(instanceId);
  answers.set(key, known);
  try {
    return { status: 200, body: { ...(await known), ...faults.answer } };
  } catch (error) {
    answers.delete(key);
    throw error;
  }
}

async function make(instanceId: string): Promise<Answer> {
  const server = await startCluster(Number(values.major));
  const id = `dedicated-${instanceId.replaceAll('-', '').slice(0, 8)}-${randomBytes(3).toString('hex')}`;
  servers.set(id, server);
  const user = await userOf(server);
  return {
    db_server_id: id,
    db_host: server.host,
    db_port: server.port,
    db_user: user.name,
    db_password: user.password,
  };
}

/** Always a new one: a server that the environment lends is somebody's already. */
async function startCluster(major: number): Promise<RunningPostgres> {
  const options = { major, durable: values.durable };
  if (!(await dockerAnswers())) return startNativePostgres(options);
  const { startDockerPostgres } = await import('../../test/harness/servers/docker-servers.js');
  return startDockerPostgres(options);
}

async function userOf(server: RunningPostgres): Promise<{ name: string; password: string }> {
  const admin = new URL(server.adminUrl);
  if (values.user === undefined) return { name: admin.username, password: decodeURIComponent(admin.password) };
  const password = randomBytes(18).toString('base64url');
  const client = new pg.Client({ connectionString: server.adminUrl });
  await client.connect();
  try {
    await client.query(
      `create role ${quoteIdentifier(values.user)} login ${RIGHTS[values.rights] ?? ''} password ${quoteLiteral(password)}`,
    );
  } finally {
    await client.end();
  }
  return { name: values.user, password };
}

async function deprovision(id: string): Promise<JsonAnswer> {
  const server = servers.get(id);
  if (!server) return { status: 404 };
  servers.delete(id);
  for (const [key, answer] of answers) {
    if ((await answer.catch(() => undefined))?.db_server_id === id) answers.delete(key);
  }
  await server.stop();
  return { status: 200 };
}

async function restart(id: string): Promise<JsonAnswer> {
  const server = servers.get(id);
  if (!server) return { status: 404 };
  await server.restart();
  return { status: 200 };
}

function takeFault(name: 'status500' | 'hang' | 'nonsense'): boolean {
  const left = faults[name] ?? 0;
  if (left > 0) faults = { ...faults, [name]: left - 1 };
  return left > 0;
}

function textOf(body: unknown, name: string): string {
  if (typeof body !== 'object' || body === null) return '';
  const value: unknown = Object.entries(body).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : '';
}

if (values['end-with-parent']) endWithParent();
const told = untilToldToEnd();
const listening = await listenJson(Number(values.port), handle);
printLine({ ready: true, pid: process.pid, port: listening.port, url: `http://127.0.0.1:${String(listening.port)}` });
await told;
await listening.close();
await Promise.all([...servers.values()].map((server) => server.stop()));
process.exit(0);
