import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventName, EventTypes, LedgerEvent, LedgerEventOf, NewEvent } from '#shared/contracts/events.js';
import { toMigrationId, toStepId } from '#shared/contracts/ids.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { stepStream } from '#shared/contracts/streams.js';
import { createKeyPair, readSigningKey } from '#shared/signing/signing-keys.js';
import { silentLogger, type Logger } from '#shared/observability/logger.js';
import { hashKey } from '../../apps/planner/src/auth/api-keys.js';
import { ROLES, type Role } from '../../apps/planner/src/auth/role.js';
import { createPlanner, type PlannerApp } from '../../apps/planner/src/planner.app.js';
import type { PlannerConfig } from '../../apps/planner/src/planner.config.js';
import { createTestLedger, type TestLedger } from './ledger.js';
import { TcpProxy } from './tcp-proxy.js';

export interface PlannerRigOptions {
  readonly config?: Partial<PlannerConfig>;
  readonly logger?: Logger;
}

export interface Call {
  readonly role?: Role | 'nobody';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the text is no JSON. */
  readonly json: Body;
}

/** What tests look into; a wrong guess fails the expectation, not the compiler. */
export type Body = Record<string, never> & {
  readonly migrationId: string;
  readonly status: string | number;
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
  readonly links: Readonly<Record<string, string>>;
};

const TENANT = { plan: 'basic', server: 'pool-1', database: 'shop_acme', owner: 'acme', service: 'shop-{database}' };

/** A planner on a port of its own and a ledger of its own, reached through a proxy that tests can close. */
export class PlannerRig {
  private running = true;

  private constructor(
    readonly ledger: TestLedger,
    readonly proxy: TcpProxy,
    readonly config: PlannerConfig,
    readonly keys: Readonly<Record<Role, string>>,
    private readonly logger: Logger,
    private planner: PlannerApp,
    private address: string,
  ) {}

  static async start(options: PlannerRigOptions = {}): Promise<PlannerRig> {
    const ledger = await createTestLedger();
    const { hostname, port } = new URL(ledger.urls.plannerUrl);
    const proxy = await TcpProxy.to({ host: hostname, port: Number(port) });
    const keys = Object.fromEntries(ROLES.map((role) => [role, randomBytes(24).toString('base64url')])) as Record<
      Role,
      string
    >;
    const config: PlannerConfig = {
      logLevel: 'silent',
      host: '127.0.0.1',
      port: 0,
      ledgerUrl: proxy.urlOf(ledger.urls.plannerUrl),
      kafkaBrokers: [],
      kafkaGroupPrefix: `test-${randomBytes(4).toString('hex')}`,
      kafkaReplication: 1,
      topics: testTopics(),
      apiKeys: ROLES.map((role) => ({ name: role, role, keySha256: hashKey(keys[role]) })),
      catalogue: [],
      signingKey: readSigningKey({ text: createKeyPair().privateKey }),
      bodyLimitBytes: 1_048_576,
      dryRunWaitMs: 30_000,
      healthStaleMs: 600_000,
      readerLeaseTtlMs: 15_000,
      backupKeep: { manual: 10, daily: 7, weekly: 5, monthly: 12 },
      shutdownTimeoutMs: 5_000,
      faultPoints: '',
      ...options.config,
    };
    const logger = options.logger ?? silentLogger();
    const planner = await createPlanner(config, logger);
    const rig = new PlannerRig(ledger, proxy, config, keys, logger, planner, await planner.start());
    try {
      await rig.until(async () => (await rig.call('GET', '/health/ready', { role: 'nobody' })).status === 200);
    } catch (error) {
      // A planner left open would keep Jest from ending.
      await rig.close();
      throw error;
    }
    return rig;
  }

  get url(): string {
    return this.address;
  }

  get app(): PlannerApp {
    return this.planner;
  }

  /** The same planner again, as after a restart of its process. */
  async restart(): Promise<void> {
    await this.stop();
    this.planner = await createPlanner(this.config, this.logger);
    this.running = true;
    this.address = await this.planner.start();
  }

  async stop(): Promise<void> {
    if (this.running) await this.planner.stop();
    this.running = false;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.proxy.close();
    await this.ledger.close();
  }

  async call(method: string, path: string, { role = 'operator', body, headers = {} }: Call = {}): Promise<Answer> {
    const response = await fetch(this.address + path, {
      method,
      headers: {
        ...(role === 'nobody' ? {} : { authorization: `Bearer ${this.keys[role]}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: bodyText(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  }

  /** Registers server `pool-1`, plans `basic` and `premium` (dedicated), service `shop-{database}`, every source. */
  async seedRegistry(): Promise<void> {
    const server = { host: '127.0.0.1', port: 5432, adminUser: 'postgres', adminSecretRef: 'env:POOL_1' };
    const service = { control: { driver: 'http', url: 'http://127.0.0.1:9/{database}' }, configFiles: [] };
    await this.put('/v1/servers/pool-1', server);
    await this.put('/v1/entitlements/basic', { dbType: 'shared', cpu: 1, memory: '1Gi' });
    await this.put('/v1/entitlements/premium', { dbType: 'dedicated', cpu: 2, memory: '4Gi' });
    await this.put('/v1/services/shop-%7Bdatabase%7D', service);
    await this.put('/v1/sources/*', { kinds: ['*'] });
  }

  /** Registers a tenant and answers its id. */
  async seedTenant(
    changes: Readonly<Record<string, unknown>> = {},
    instanceId: string = randomUUID(),
  ): Promise<string> {
    await this.put(`/v1/instances/${instanceId}`, { ...TENANT, ...changes });
    return instanceId;
  }

  async put(path: string, body: unknown): Promise<Answer> {
    const answer = await this.call('PUT', path, { body });
    if (answer.status !== 200) throw new Error(`PUT ${path}: ${String(answer.status)} ${answer.text}`);
    return answer;
  }

  upgrade(instanceId: string, more: Readonly<Record<string, unknown>> = {}, call: Call = {}): Promise<Answer> {
    const body = { kind: 'upgrade', instanceId, toPlan: 'premium', ...more };
    return this.call('POST', '/v1/migrations', { role: 'requester', ...call, body });
  }

  events(migrationId: string): Promise<LedgerEvent[]> {
    return this.ledger.planner.reader.readMigration(toMigrationId(migrationId));
  }

  /** The first event of a type that the migration has, when it has one. */
  async event<N extends EventName>(migrationId: string, type: N): Promise<LedgerEventOf<N>> {
    let found: LedgerEvent | undefined;
    await this.until(async () => {
      found = (await this.events(migrationId)).find((event) => event.type === type);
      return found !== undefined;
    });
    return found as LedgerEventOf<N>;
  }

  /** Plays the executor: ends the migration's newest command of a step with a result. */
  async succeed(migrationId: string, stepId: string, result: JsonObject): Promise<void> {
    const { kind, direction, generation } = await this.commanded(migrationId, stepId);
    const attempt = { migrationId, stepId, direction, generation, attempt: 1, fence: 1, kind };
    await this.asExecutor(migrationId, stepId, [
      { type: 'StepStarted', data: { ...attempt, owner: 'executor:test' } },
      { type: 'StepSucceeded', data: { ...attempt, result, durationMs: 1, alreadyDone: false } },
    ]);
  }

  /** Plays the executor: the migration's newest run of a step stopped at a safe point. */
  async cancelled(migrationId: string, stepId: string): Promise<void> {
    const { kind, direction, generation } = await this.commanded(migrationId, stepId);
    const attempt = { migrationId, stepId, direction, generation, attempt: 1, fence: 1, kind };
    await this.asExecutor(migrationId, stepId, [
      { type: 'StepCancelled', data: { ...attempt, reason: 'a test wants it' } },
    ]);
  }

  /** The newest command of a step, as soon as there is one. */
  async commanded(migrationId: string, stepId: string): Promise<EventTypes['StepCommanded']> {
    let found: EventTypes['StepCommanded'] | undefined;
    await this.until(async () => {
      for (const event of await this.events(migrationId))
        if (event.type === 'StepCommanded' && event.data.stepId === stepId) found = event.data;
      return found !== undefined;
    });
    return found as EventTypes['StepCommanded'];
  }

  async asExecutor(
    migrationId: string,
    stepId: string,
    events: readonly Pick<NewEvent, 'type' | 'data'>[],
  ): Promise<void> {
    const metadata = { correlationId: migrationId, causationId: migrationId, actor: 'executor:test' };
    const whole = events.map((event) => ({ ...event, eventId: randomUUID(), schemaVersion: 1, metadata }) as NewEvent);
    const stream = stepStream(toMigrationId(migrationId), toStepId(stepId));
    const answer = await this.ledger.executor.writer.append({
      appends: [{ stream, expected: 'any', events: whole }],
      effects: [],
    });
    if (answer.outcome !== 'appended') throw new Error(`the ledger answered ${answer.outcome}`);
  }

  /** The limit is just below the time-out of a test, whose message would not name the condition. */
  async until(condition: () => Promise<boolean>, limitMs = 50_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!(await condition().catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`not within ${String(limitMs)} ms: ${condition.toString()}`);
      await delay(20);
    }
  }
}

/** Texts and bytes go as they are, to be refused; everything else as JSON. */
function bodyText(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function parsed(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return undefined as never;
  }
}

/** Topics of one rig: all tests of a run share a Kafka, and a request must reach only the planner it is meant for. */
function testTopics(): PlannerConfig['topics'] {
  const prefix = `test-${randomBytes(4).toString('hex')}`;
  return { requests: `${prefix}.requests`, commands: `${prefix}.commands`, events: `${prefix}.events` };
}
