import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import { silentLogger } from '#shared/observability/logger.js';
import { readEventsUpTo } from '../../test/harness/events-topic-reader.js';
import { PlannerClient } from '../stack/planner-client.js';
import { RunningStack } from '../stack/running-stack.js';
import { SampleNeighbour } from '../stack/sample-neighbour.js';
import { SampleTenant } from '../stack/sample-tenant.js';
import { toolMajor } from '../stack/tool-major.js';
import type { StepsView } from '../../apps/cli/src/rendering/live-steps.js';
import { hasEnded, type MigrationBody } from './migration-body.js';
import { failuresOf, type QuickstartReport } from './report.js';

const SHARED_SERVER = 'pool-2';
const LOOK_EVERY_MS = 150;

export interface QuickstartWorld {
  readonly stack: RunningStack;
  readonly tenant: SampleTenant;
  readonly neighbour: SampleNeighbour;
  readonly planner: PlannerClient;
  readonly directory: string;
  /** In reverse order of starting. */
  stop(): Promise<void>;
}

export interface Announce {
  /** Before something that takes a while. */
  begin(what: string): void;
  done(what: string): void;
}

/** Real servers, a tenant with a running application and a neighbour, all made here and now. */
export async function buildWorld(announce: Announce): Promise<QuickstartWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'rehome-quickstart-'));
  const parts: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of parts.splice(0).reverse()) await part.stop();
  };
  const keep = <T extends { stop(): Promise<void> }>(part: T): T => {
    parts.push(part);
    return part;
  };
  try {
    const stack = keep(await startStack(directory, announce));
    const server = stack.server(SHARED_SERVER);
    announce.begin(`tenant acme and its neighbour globex on ${SHARED_SERVER}`);
    const neighbour = keep(await SampleNeighbour.start(server.adminUrl, directory));
    const tenant = keep(
      await SampleTenant.start({ server, directory, database: 'odoo_acme', owner: 'acme', scale: 1 }),
    );
    announce.done(
      `tenant acme: ${String(tenant.facts.tables)} tables, ${tenant.facts.rows.toLocaleString('en')} rows, ` +
        `${String(tenant.facts.largeObjects)} large objects; its application runs; neighbour globex writes 40 times a second`,
    );
    const planner = new PlannerClient(stack.plannerUrl, stack.apiKeys.operator);
    await tenant.register(planner);
    return { stack, tenant, neighbour, planner, directory, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startStack(directory: string, announce: Announce): Promise<RunningStack> {
  const major = toolMajor();
  const started = Date.now();
  const stack = await RunningStack.start({
    servers: [{ name: SHARED_SERVER, major }],
    kafka: true,
    services: true,
    durable: true,
    directory: join(directory, 'stack'),
    provisionedMajor: major,
    onProgress: (what) => announce.begin(what),
  });
  announce.done(
    `PostgreSQL ${String(major)} (${SHARED_SERVER}) :${String(stack.server(SHARED_SERVER).port)}   Kafka ${stack.kafka?.brokers ?? ''}   ` +
      `planner ${stack.plannerUrl}   executor ${stack.executorUrl}   ${((Date.now() - started) / 1000).toFixed(0)} s`,
  );
  return stack;
}

/** Asks for the upgrade as any client would and shows each step until it has ended. */
export async function upgrade(world: QuickstartWorld, view: StepsView): Promise<MigrationBody> {
  const { planner, tenant } = world;
  const accepted = await planner.call<{ migrationId: string }>(
    'POST',
    '/v1/migrations',
    { kind: 'upgrade', instanceId: tenant.instanceId, toPlan: 'premium' },
    { 'idempotency-key': randomUUID() },
  );
  for (;;) {
    const body = await planner.call<MigrationBody>('GET', `/v1/migrations/${accepted.migrationId}`);
    view.draw(body, Date.now());
    if (hasEnded(body)) return body;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** What the last line says: taken from the planner, the ledger, Kafka and the neighbour, nothing from memory. */
export async function reportOf(world: QuickstartWorld, body: MigrationBody): Promise<QuickstartReport> {
  const certificate = body.result?.certificate;
  const audit = await world.planner.call<{ verified: boolean; headPosition: string; headHash: string }>(
    'GET',
    '/v1/audit/verify',
  );
  const kafka = await publishedEvents(world, BigInt(audit.headPosition));
  const { writes, errors } = await world.neighbour.counts();
  const report = {
    status: body.status,
    migrationId: body.migrationId,
    downtimeMs: body.downtimeMs,
    steps: body.steps.map(({ id, status, startedAt, finishedAt }) => ({
      id,
      status,
      durationMs: startedAt && finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : 0,
    })),
    verification: {
      tables: certificate?.verification.tables ?? 0,
      rows: Number(certificate?.verification.rows ?? 0),
      mismatches: certificate?.verification.mismatches ?? -1,
    },
    connections: { old: certificate?.connections.old ?? -1, new: certificate?.connections.new ?? 0 },
    neighbour: { writes, errors },
    ledger: { events: Number(audit.headPosition), verified: audit.verified, headHash: audit.headHash },
    kafka,
  };
  return { ...report, failures: failuresOf(report) };
}

/** Reads every partition back until the relay has caught up with the ledger. */
async function publishedEvents(world: QuickstartWorld, head: bigint): Promise<{ events: number; gaps: number }> {
  const brokers = world.stack.kafka?.brokers.split(',') ?? [];
  const client = new KafkaClient({ brokers, clientId: 'quickstart' }, silentLogger());
  const { events, gaps } = await readEventsUpTo(client, head);
  return { events: events.length, gaps };
}
