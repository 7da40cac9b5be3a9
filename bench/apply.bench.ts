import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { packProject } from '#shared/projects/bundle/archive.js';
import { hasEnded, type MigrationBody } from '../scripts/quickstart/migration-body.js';
import { PlannerClient } from '../scripts/stack/planner-client.js';
import { RunningStack } from '../scripts/stack/running-stack.js';
import { toolMajor } from '../scripts/stack/tool-major.js';
import type { Benchmark, Figure } from './benchmark.js';
import { TENANT_MIGRATIONS, tenantProject, writePeerMigrations } from './tenant-schemas.js';

const ROUNDS = 3;
const SCHEMAS = 1_000;
const GOAL_SECONDS = 120;
const PEER = 'node-pg-migrate';
const OWNER = 'tenants';

/** Ten versions in each of a thousand schemas, from the request to the end of the migration, beside one run per schema. */
export const applyBenchmark: Benchmark = {
  name: 'apply',
  title: `seconds for ${String(TENANT_MIGRATIONS)} migrations in each of ${SCHEMAS.toLocaleString('en')} schemas, no backup`,
  run: async (say) => {
    const directory = mkdtempSync(join(tmpdir(), 'rehome-bench-'));
    const major = toolMajor();
    const stack = await RunningStack.start({
      servers: [{ name: 'main', major }],
      kafka: true,
      services: true,
      durable: true,
      directory: join(directory, 'stack'),
      provisionedMajor: major,
      onProgress: say,
    });
    try {
      return await measure(stack, directory, say);
    } finally {
      await stack.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measure(stack: RunningStack, directory: string, say: (line: string) => void): Promise<Figure[]> {
  const { adminUrl } = stack.server('main');
  const peerMigrations = join(directory, 'peer');
  writePeerMigrations(peerMigrations);
  await query(adminUrl, `create role ${OWNER}`);
  const [ours, peer]: [number[], number[]] = [[], []];
  for (let round = 1; round <= ROUNDS; round += 1) {
    await makeSchemas(adminUrl, `ours_${String(round)}`);
    ours.push(await timed(() => apply(stack, `ours_${String(round)}`)));
    await makeSchemas(adminUrl, `peer_${String(round)}`);
    peer.push(await timed(() => applyByPeer(urlOf(adminUrl, `peer_${String(round)}`), peerMigrations)));
    say(`  round ${String(round)} of ${String(ROUNDS)}`);
  }
  const figure = { unit: 's', ours };
  return [
    { ...figure, of: 'whole', peers: {}, goal: { atMost: GOAL_SECONDS } },
    { ...figure, of: 'beside', peers: { [PEER]: peer }, goal: { peer: PEER, atMost: 1 / 3 } },
  ];
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

async function makeSchemas(adminUrl: string, database: string): Promise<void> {
  await query(adminUrl, `create database ${database} owner ${OWNER}`);
  const schemas = Array.from({ length: SCHEMAS }, (_, index) => `tenant_${String(index + 1)}`);
  const statements = schemas.map((schema) => `create schema ${schema} authorization ${OWNER};`);
  await query(urlOf(adminUrl, database), statements.join('\n'));
}

async function apply(stack: RunningStack, database: string): Promise<void> {
  const planner = new PlannerClient(stack.plannerUrl, stack.apiKeys.operator);
  const archive = await packProject(tenantProject(database, OWNER));
  const pushed = await fetch(`${stack.plannerUrl}/v1/projects/tenants`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${stack.apiKeys.operator}`, 'content-type': 'application/gzip' },
    body: new Uint8Array(archive),
  });
  if (!pushed.ok) throw new Error(`the project was refused: ${await pushed.text()}`);
  const request = { kind: 'apply', project: 'tenants', backup: false };
  const { migrationId } = await planner.call<{ migrationId: string }>('POST', '/v1/migrations', request);
  for (;;) {
    const body = await planner.call<MigrationBody>('GET', `/v1/migrations/${migrationId}?wait=30`);
    if (hasEnded(body) && body.status !== 'completed')
      throw new Error(`the migration ended as ${body.status}: ${JSON.stringify(body.reasons)}`);
    if (hasEnded(body)) return;
  }
}

async function applyByPeer(databaseUrl: string, dir: string): Promise<void> {
  for (let schema = 1; schema <= SCHEMAS; schema += 1) {
    const name = `tenant_${String(schema)}`;
    const silent = (): void => undefined;
    const logger = { info: silent, warn: silent, error: silent };
    await runner({
      databaseUrl,
      dir,
      schema: name,
      migrationsSchema: name,
      migrationsTable: 'pgmigrations',
      direction: 'up',
      noLock: true,
      logger,
    });
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}
