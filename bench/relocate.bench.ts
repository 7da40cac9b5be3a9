import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasEnded, type MigrationBody } from '../scripts/quickstart/migration-body.js';
import { PlannerClient } from '../scripts/stack/planner-client.js';
import { RunningStack, type NamedServer } from '../scripts/stack/running-stack.js';
import { SampleTenant } from '../scripts/stack/sample-tenant.js';
import { toolMajor } from '../scripts/stack/tool-major.js';
import type { Benchmark, Figure } from './benchmark.js';
import { fillToSize } from './large-database.js';

const ROUNDS = 3;
const SIZE_BYTES = 1_000_000_000;
const JOBS = 2;
const [FROM, TO] = ['pool-1', 'pool-2'] as const;

/** The whole downtime of an offline move, full verification included, beside the bare tools that copy the same database. */
export const relocateBenchmark: Benchmark = {
  name: 'relocate',
  title: 'seconds the application is down: stop, fence, backup, restore, comparison of every row, switch, start',
  run: async (say) => {
    const directory = mkdtempSync(join(tmpdir(), 'rehome-bench-'));
    const major = toolMajor();
    const stack = await RunningStack.start({
      servers: [
        { name: FROM, major },
        { name: TO, major },
      ],
      kafka: true,
      services: true,
      durable: true,
      directory: join(directory, 'stack'),
      provisionedMajor: major,
      onProgress: say,
    });
    try {
      return [await measure(stack, directory, say)];
    } finally {
      await stack.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measure(stack: RunningStack, directory: string, say: (line: string) => void): Promise<Figure> {
  const [ours, bare]: [number[], number[]] = [[], []];
  const [source, target] = [stack.server(FROM), stack.server(TO)];
  let bytes = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const [database, owner] = [`shop_${String(round)}`, `bench_${String(round)}`];
    const tenant = await SampleTenant.start({ server: source, directory, database, owner, scale: 0.1 });
    bytes = await fillToSize(source.adminUrl, { database, owner, bytes: SIZE_BYTES });
    const roles = [owner, `${owner}_reader`];
    bare.push(await copyBare({ source, target, database, roles, dump: join(directory, `${database}.dump`) }));
    ours.push(await relocate(stack, tenant));
    await tenant.stop();
    say(`  round ${String(round)} of ${String(ROUNDS)}`);
  }
  const peer = `pg_dump, pg_restore -j${String(JOBS)}`;
  const of = `${(bytes / 1e9).toFixed(2)} GB`;
  return { of, unit: 's', ours, peers: { [peer]: bare }, goal: { peer, atMost: 1.5 } };
}

async function relocate(stack: RunningStack, tenant: SampleTenant): Promise<number> {
  const planner = new PlannerClient(stack.plannerUrl, stack.apiKeys.operator);
  await tenant.register(planner);
  const { database, owner } = tenant.options;
  const request = {
    kind: 'relocate',
    source: { server: FROM, database },
    target: { server: TO, database, owner },
    mode: 'offline',
  };
  const { migrationId } = await planner.call<{ migrationId: string }>('POST', '/v1/migrations', request);
  for (;;) {
    const body = await planner.call<MigrationBody>('GET', `/v1/migrations/${migrationId}?wait=30`);
    if (hasEnded(body) && body.status !== 'completed')
      throw new Error(`the move ended as ${body.status}: ${JSON.stringify(body.reasons)}`);
    if (hasEnded(body)) return body.downtimeMs / 1_000;
  }
}

interface BareCopy {
  readonly source: NamedServer;
  readonly target: NamedServer;
  readonly database: string;
  /** That its policies name; the move makes them itself, so they go again. */
  readonly roles: readonly string[];
  readonly dump: string;
}

/** Directory format, as anybody would by hand; nothing is compared afterwards. */
async function copyBare({ source, target, database, roles, dump }: BareCopy): Promise<number> {
  const copy = `${database}_bare`;
  for (const statement of [...roles.map((role) => `create role ${role}`), `create database ${copy}`])
    await run('psql', target, ['-c', statement]);
  const began = performance.now();
  await run('pg_dump', source, ['-Fd', `-j${String(JOBS)}`, '-f', dump, '-d', database]);
  await run('pg_restore', target, [`-j${String(JOBS)}`, '--no-owner', '--no-privileges', '-d', copy, dump]);
  const seconds = (performance.now() - began) / 1_000;
  rmSync(dump, { recursive: true });
  for (const statement of [`drop database ${copy}`, ...roles.map((role) => `drop role ${role}`)])
    await run('psql', target, ['-c', statement]);
  return seconds;
}

async function run(tool: string, { adminUrl }: NamedServer, args: readonly string[]): Promise<void> {
  const { hostname, port, password } = new URL(adminUrl);
  const connection = {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: 'postgres',
    PGPASSWORD: decodeURIComponent(password),
  };
  const child = spawn(tool, args, { env: { ...process.env, ...connection }, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${tool} failed: ${complaint}`);
}
