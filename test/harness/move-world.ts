import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { ServiceDefinition } from '#shared/contracts/registry.js';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import { silentLogger } from '#shared/observability/logger.js';
import { addressOf } from '../../examples/sample-tenant/create-tenant.js';
import { hasEnded, type MigrationBody } from '../../scripts/quickstart/migration-body.js';
import { PlannerClient } from '../../scripts/stack/planner-client.js';
import { RunningStack } from '../../scripts/stack/running-stack.js';
import { SampleTenant, type SampleTenantOptions } from '../../scripts/stack/sample-tenant.js';
import type { StackOptions } from '../../scripts/stack/stack-options.js';
import { toolMajor } from '../../scripts/stack/tool-major.js';

/** Short leases, so that a take-over is seen within seconds. */
const QUICK: Readonly<Record<string, string>> = {
  REHOME_LEASE_TTL_MS: '3000',
  REHOME_HEARTBEAT_MS: '500',
  REHOME_SWEEP_INTERVAL_MS: '1000',
  REHOME_READER_LEASE_TTL_MS: '2000',
};
const SHARED_SERVER = 'pool-2';
const END_TIMEOUT_MS = 120_000;

export interface MoveEvent {
  readonly position: string;
  readonly eventId: string;
  readonly stream: string;
  readonly type: string;
  readonly recordedAt: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

interface ProvisionedServer {
  readonly db_server_id: string;
  readonly adminUrl: string;
}

/** A whole stack with real servers and processes, and what end-to-end tests do with it. */
export class MoveWorld {
  readonly planner: PlannerClient;
  private readonly tenants: SampleTenant[] = [];

  private constructor(
    readonly stack: RunningStack,
    readonly directory: string,
  ) {
    this.planner = new PlannerClient(stack.plannerUrl, stack.apiKeys.operator);
  }

  static async start(options: Partial<StackOptions> = {}): Promise<MoveWorld> {
    const directory = mkdtempSync(join(tmpdir(), 'rehome-e2e-'));
    const major = toolMajor();
    const { plannerEnv, executorEnv, ...rest } = options;
    const stack = await RunningStack.start({
      servers: [{ name: SHARED_SERVER, major }],
      kafka: true,
      services: true,
      durable: false,
      directory: join(directory, 'stack'),
      provisionedMajor: major,
      plannerEnv: { ...QUICK, ...plannerEnv },
      executorEnv: { ...QUICK, ...executorEnv },
      ...rest,
    });
    return new MoveWorld(stack, directory);
  }

  /** A tenant on the shared server with a running application, known to the registry. */
  async tenant(
    options: Partial<Omit<SampleTenantOptions, 'server' | 'directory'>> & {
      service?: (mine: ServiceDefinition) => ServiceDefinition;
    } = {},
  ): Promise<SampleTenant> {
    const { service, ...rest } = options;
    const suffix = randomUUID().slice(0, 6);
    const tenant = await SampleTenant.start({
      server: this.stack.server(SHARED_SERVER),
      directory: this.directory,
      database: `odoo_${suffix}`,
      owner: `owner_${suffix}`,
      scale: 0.01,
      ...rest,
    });
    this.tenants.push(tenant);
    // Every tenant has a controller of its own here, so a definition of its own, too.
    const mine = { ...tenant.service, name: `${suffix}-${tenant.service.name}` };
    await tenant.register(this.planner, service?.(mine) ?? mine);
    return tenant;
  }

  /** Asks for the plan that moves, and answers the migration's id. */
  async upgrade(tenant: SampleTenant, options: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const accepted = await this.planner.call<{ migrationId: string }>(
      'POST',
      '/v1/migrations',
      { kind: 'upgrade', instanceId: tenant.instanceId, toPlan: 'premium', options },
      { 'idempotency-key': randomUUID() },
    );
    return accepted.migrationId;
  }

  /** Asks for any migration, and answers its id. @throws Error with the problem when it is refused. */
  async ask(request: Readonly<Record<string, unknown>>): Promise<string> {
    const accepted = await this.planner.call<{ migrationId: string }>('POST', '/v1/migrations', request);
    return accepted.migrationId;
  }

  migration(migrationId: string): Promise<MigrationBody> {
    return this.planner.call<MigrationBody>('GET', `/v1/migrations/${migrationId}`);
  }

  /** The migration once nothing more happens by itself. @throws Error with its steps when it does not end. */
  ended(migrationId: string): Promise<MigrationBody> {
    return this.until(migrationId, hasEnded);
  }

  /** The migration once the condition holds; a planner that is down for a moment is asked again. */
  async until(migrationId: string, condition: (body: MigrationBody) => boolean): Promise<MigrationBody> {
    const deadline = Date.now() + END_TIMEOUT_MS;
    let last: MigrationBody | undefined;
    while (Date.now() < deadline) {
      last = await this.migration(migrationId).catch(() => last);
      if (last !== undefined && condition(last)) return last;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const steps = last?.steps.map((step) => `${step.id} ${step.status} ${step.error?.detail ?? ''}`).join('\n');
    throw new Error(`migration ${migrationId} is ${last?.status ?? 'unknown'}:\n${steps ?? ''}`);
  }

  /** Its events in order. */
  async events(migrationId: string): Promise<MoveEvent[]> {
    const answer = await this.planner.raw('GET', `/v1/migrations/${migrationId}/events`, undefined, {
      accept: 'application/x-ndjson',
    });
    const text = await answer.text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as MoveEvent);
  }

  /** Rows of a query on a database of the shared server, or of the dedicated one of a finished move. */
  async query<Row extends object>(adminUrl: string, database: string, text: string): Promise<Row[]> {
    const client = new pg.Client(addressOf(adminUrl, database));
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ids of the servers that the sample provisioner made and still has; each holds 8 digits of the instance. */
  async dedicatedServers(): Promise<string[]> {
    return (await this.provisioned()).map(({ db_server_id }) => db_server_id);
  }

  /** Administrator's address of a server that the sample provisioner made. */
  async dedicatedUrl(serverId: string): Promise<string> {
    const server = (await this.provisioned()).find((one) => one.db_server_id === serverId);
    if (!server) throw new Error(`the provisioner has no server ${serverId}`);
    return server.adminUrl;
  }

  /** The planner as a holder of that role's key sees it. */
  plannerAs(role: keyof RunningStack['apiKeys']): PlannerClient {
    return new PlannerClient(this.stack.plannerUrl, this.stack.apiKeys[role]);
  }

  /** A client of the stack's broker; whoever opens producers or consumers closes them. */
  kafka(): KafkaClient {
    return new KafkaClient({ brokers: (this.stack.kafka?.brokers ?? '').split(','), clientId: 'e2e' }, silentLogger());
  }

  /** What a service has logged so far, line by line. */
  log(service: 'planner' | 'executor'): Readonly<Record<string, unknown>>[] {
    const text = readFileSync(join(this.stack.options.directory, `${service}.log`), 'utf8');
    return text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  }

  /** What a tenant's controller keeps of its application: `environment`, `resources` or `history`. */
  async controller<T>(tenant: SampleTenant, what: 'environment' | 'resources' | 'history'): Promise<T> {
    return (await (await fetch(`${tenant.serviceUrl}/${what}`)).json()) as T;
  }

  /** Switches faults of the sample provisioner on; `{}` switches them off. */
  async provisionerFaults(faults: object): Promise<void> {
    await fetch(`${this.stack.provisioner?.url ?? ''}/faults`, { method: 'PUT', body: JSON.stringify(faults) });
  }

  /** Ends every session of a server that the sample provisioner made, and starts it again. */
  async restartDedicated(serverId: string): Promise<void> {
    await fetch(`${this.stack.provisioner?.url ?? ''}/servers/${serverId}/restart`, { method: 'POST' });
  }

  private async provisioned(): Promise<readonly ProvisionedServer[]> {
    const answer = await fetch(`${this.stack.provisioner?.url ?? ''}/servers`);
    return ((await answer.json()) as { servers: readonly ProvisionedServer[] }).servers;
  }

  /** A file that a fault point waits for or makes; see `FaultPoints`. */
  gate(name: string): Gate {
    return new Gate(join(this.directory, `${name}-${randomUUID().slice(0, 8)}`));
  }

  async stop(): Promise<void> {
    for (const tenant of this.tenants) await tenant.stop();
    await this.stack.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Where a process of ours stands still until a test has done its part. */
export class Gate {
  constructor(readonly path: string) {}

  /** For `REHOME_FAULT_POINTS`: waits at the point until `open`. */
  wait(point: string): string {
    return `${point}=wait:${this.path}`;
  }

  /** For `REHOME_FAULT_POINTS`: stands still at the point for ever. */
  hang(point: string): string {
    return `${point}=hang:${this.path}`;
  }

  /** Resolves when a process stands at the point. */
  async reached(timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!existsSync(`${this.path}.reached`) && !existsSync(this.path)) {
      if (Date.now() > deadline) throw new Error(`nobody reached ${this.path}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  open(): void {
    writeFileSync(this.path, '');
  }

  /** Its files go, when nobody stands there any more. */
  remove(): void {
    for (const file of [this.path, `${this.path}.reached`]) rmSync(file, { force: true });
  }
}
