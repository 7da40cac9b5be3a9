import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasEnded, type MigrationBody } from '../scripts/quickstart/migration-body.js';
import { PlannerClient } from '../scripts/stack/planner-client.js';
import { RunningStack } from '../scripts/stack/running-stack.js';
import { SampleTenant } from '../scripts/stack/sample-tenant.js';
import { toolMajor } from '../scripts/stack/tool-major.js';
import type { Benchmark, Figure } from './benchmark.js';

const ROUNDS = 3;
/** About 1.6 million rows. */
const SCALE = 4;
const SERVER = 'pool-2';

/** The whole downtime of a move, verification included, beside the bare tools that copy the same database. */
export const moveBenchmark: Benchmark = {
  name: 'move',
  title: 'seconds the application is down, with stop, fence, backup, restore, full verification and start',
  run: async (say) => {
    const directory = mkdtempSync(join(tmpdir(), 'rehome-bench-'));
    const major = toolMajor();
    const stack = await RunningStack.start({
      servers: [
        { name: SERVER, major },
        { name: 'peer', major },
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
  const ours: number[] = [];
  const bare: number[] = [];
  let rows = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const database = `odoo_bench_${String(round)}`;
    const tenant = await SampleTenant.start({
      server: stack.server(SERVER),
      directory,
      database,
      owner: `bench_${String(round)}`,
      scale: SCALE,
    });
    rows = tenant.facts.rows;
    bare.push(copyBare(stack, directory, database));
    ours.push(await move(stack, tenant));
    await tenant.stop();
    say(`  round ${String(round)} of ${String(ROUNDS)}`);
  }
  return { of: `${rows.toLocaleString('en')} rows`, unit: 's', ours, peers: { 'pg_dump | pg_restore -j4': bare } };
}

async function move(stack: RunningStack, tenant: SampleTenant): Promise<number> {
  const planner = new PlannerClient(stack.plannerUrl, stack.apiKeys.operator);
  await tenant.register(planner);
  const request = { kind: 'upgrade', instanceId: tenant.instanceId, toPlan: 'premium' };
  const { migrationId } = await planner.call<{ migrationId: string }>('POST', '/v1/migrations', request);
  for (;;) {
    const body = await planner.call<MigrationBody>('GET', `/v1/migrations/${migrationId}?wait=30`);
    if (hasEnded(body) && body.status !== 'completed')
      throw new Error(`the move ended as ${body.status}: ${JSON.stringify(body.reasons)}`);
    if (hasEnded(body)) return body.downtimeMs / 1_000;
  }
}

/** Directory format with four jobs on both sides, as the move uses them; nothing is compared afterwards. */
function copyBare(stack: RunningStack, directory: string, database: string): number {
  const source = stack.server(SERVER);
  const target = stack.server('peer');
  const dump = join(directory, `${database}.dump`);
  run('psql', new URL(target.adminUrl), [
    '-c',
    `create role ${database.replace('odoo_', '')}`,
    '-c',
    `create role ${database.replace('odoo_', '')}_reader`,
    '-c',
    `create database ${database}`,
  ]);
  const began = performance.now();
  run('pg_dump', new URL(source.adminUrl), ['-Fd', '-j4', '-f', dump, '-d', database]);
  run('pg_restore', new URL(target.adminUrl), ['-j4', '-d', database, dump]);
  const seconds = (performance.now() - began) / 1_000;
  rmSync(dump, { recursive: true });
  return seconds;
}

function run(tool: string, { hostname, port, password }: URL, args: readonly string[]): void {
  const env = {
    ...process.env,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: 'postgres',
    PGPASSWORD: decodeURIComponent(password),
  };
  const result = spawnSync(tool, args, { env, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${tool} failed: ${result.stderr}`);
}
