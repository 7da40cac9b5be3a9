import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setUpLedger, withDatabase, type LedgerUrls } from '#shared/database/set-up.js';
import { createKeyPair } from '#shared/signing/signing-keys.js';
import { borrowedPostgres, startKafka, startPostgres } from '../../test/harness/servers/start-servers.js';
import { freePort } from '../../test/harness/servers/free-port.js';
import type { RunningKafka, RunningPostgres } from '../../test/harness/servers/running-server.js';
import { apiKeysSetting, createApiKeys, type ApiKeys } from './api-keys.js';
import { EVERY_SOURCE, SAMPLE_ENTITLEMENTS, writeCatalogue, type Catalogue } from './catalogue-file.js';
import { answersOk, ServiceProcess } from './service-process.js';
import { startSampleProvisioner, type SampleProvisioner } from './sample-provisioner.js';
import { executorEnvironment, plannerEnvironment, secretName, type StackEnvironment } from './stack-environment.js';
import type { StackOptions, StackServerOptions } from './stack-options.js';

export interface NamedServer extends RunningPostgres {
  readonly name: string;
}

/** Of one that somebody else started nobody tells the major. */
type LedgerServer = Omit<RunningPostgres, 'major'>;

/** Real servers and both services, started in dependency order and stopped in reverse. */
export class RunningStack {
  readonly apiKeys: ApiKeys = createApiKeys();
  readonly servers: NamedServer[] = [];
  private readonly started: { stop(): Promise<void> }[] = [];
  private parts: StackParts | undefined;

  private constructor(readonly options: StackOptions) {}

  /** @throws Error naming the part that did not start; everything started before is stopped again. */
  static async start(options: StackOptions): Promise<RunningStack> {
    const stack = new RunningStack(options);
    try {
      await stack.startAll();
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  get ledger(): LedgerServer {
    return this.part().ledger;
  }

  /** Of the ledger itself, as the administrator of its server. */
  get ledgerAdminUrl(): string {
    return withDatabase(this.ledger.adminUrl, this.ledgerDatabase);
  }

  /** An address may name it; `postgres` is only the door to its server. */
  private get ledgerDatabase(): string {
    const { ledgerAdminUrl } = this.options;
    const named = ledgerAdminUrl === undefined ? '' : decodeURIComponent(new URL(ledgerAdminUrl).pathname.slice(1));
    return named === '' || named === 'postgres' ? 'rehome' : named;
  }

  get ledgerUrls(): LedgerUrls {
    return this.part().urls;
  }

  get kafka(): RunningKafka | undefined {
    return this.part().kafka;
  }

  get planner(): ServiceProcess {
    return required(this.part().planner, 'the planner was not started');
  }

  get executor(): ServiceProcess {
    return required(this.part().executor, 'the executor was not started');
  }

  get plannerUrl(): string {
    return `http://127.0.0.1:${String(this.part().environment.plannerPort)}`;
  }

  get executorUrl(): string {
    return `http://127.0.0.1:${String(this.part().environment.executorPort)}`;
  }

  get cataloguePath(): string {
    return this.part().environment.cataloguePath;
  }

  get workRoot(): string {
    return this.part().environment.workRoot;
  }

  get provisioner(): SampleProvisioner | undefined {
    return this.part().provisioner;
  }

  get provisionerUrl(): string | undefined {
    return this.part().environment.provisionerUrl;
  }

  server(name: string): NamedServer {
    return required(
      this.servers.find((server) => server.name === name),
      `the stack has no server ${name}`,
    );
  }

  /** One more executor of the same site: the same work root and vault key, another port. */
  async anotherExecutor(extraEnv: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    const environment = { ...this.part().environment, executorPort: await freePort() };
    const env = { ...executorEnvironment(environment), ...this.options.executorEnv, ...extraEnv };
    return this.launch('executor', env, `http://127.0.0.1:${String(environment.executorPort)}`);
  }

  /** In reverse order of starting; one that fails to stop does not keep the others running. */
  async stop(): Promise<void> {
    for (const part of this.started.splice(0).reverse()) await part.stop().catch(() => undefined);
  }

  private part(): StackParts {
    return required(this.parts, 'the stack is not running');
  }

  private async startAll(): Promise<void> {
    mkdirSync(this.options.directory, { recursive: true, mode: 0o700 });
    this.say('PostgreSQL and Kafka');
    const [ledger, kafka] = await Promise.all([this.startLedgerServer(), this.startBroker(), this.startServers()]);
    const urls = await setUpLedger({
      adminUrl: ledger.adminUrl,
      database: this.ledgerDatabase,
      passwords: { planner: password(), executor: password(), analyst: password() },
    });
    const provisioner = await this.startProvisioner();
    const environment = await this.environment(urls, kafka, provisioner);
    this.parts = { ledger, urls, environment, kafka, provisioner };
    this.catalogue(environment);
    if (this.options.services) await this.startServices(this.parts);
  }

  private async startLedgerServer(): Promise<LedgerServer> {
    const { ledgerAdminUrl } = this.options;
    if (ledgerAdminUrl !== undefined) return borrowedPostgres(withDatabase(ledgerAdminUrl, 'postgres'));
    const major = this.options.servers[0]?.major ?? this.options.provisionedMajor;
    return this.keep(await startPostgres({ major, durable: this.options.durable }));
  }

  private async startBroker(): Promise<RunningKafka | undefined> {
    return this.options.kafka ? this.keep(await startKafka()) : undefined;
  }

  private async startServers(): Promise<void> {
    const start = async ({ name, major, durable }: StackServerOptions) => {
      const server = this.keep(await startPostgres({ major, durable: durable ?? this.options.durable }));
      this.servers.push(Object.assign(server, { name }));
    };
    await Promise.all(this.options.servers.map(start));
    const order = this.options.servers.map(({ name }) => name);
    this.servers.sort((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
  }

  private async startProvisioner(): Promise<SampleProvisioner | undefined> {
    if (this.options.provisioner !== undefined || !this.options.services) return undefined;
    this.say('the sample provisioner');
    return this.keep(await startSampleProvisioner(this.options.provisionedMajor));
  }

  private async environment(
    urls: LedgerUrls,
    kafka: RunningKafka | undefined,
    provisioner: SampleProvisioner | undefined,
  ): Promise<StackEnvironment> {
    const { directory, provisioner: given } = this.options;
    const provisionerUrl = given === undefined || given === 'off' ? provisioner?.url : given.url;
    return {
      urls,
      brokers: kafka?.brokers ?? '',
      plannerPort: await freePort(),
      executorPort: await freePort(),
      apiKeys: apiKeysSetting(this.apiKeys),
      cataloguePath: join(directory, 'catalogue.yaml'),
      workRoot: join(directory, 'work'),
      vaultKey: randomBytes(32).toString('base64'),
      keys: createKeyPair(),
      adminPasswords: Object.fromEntries(this.servers.map((server) => [server.name, adminPassword(server)])),
      ...(provisionerUrl === undefined ? {} : { provisionerUrl }),
    };
  }

  private catalogue(environment: StackEnvironment): void {
    mkdirSync(environment.workRoot, { recursive: true, mode: 0o700 });
    const servers = this.servers.map(({ name, host, port }) => [
      name,
      { host, port, adminUser: 'postgres', adminSecretRef: `env:${secretName(name)}` },
    ]);
    writeCatalogue(environment.cataloguePath, {
      servers: Object.fromEntries(servers) as Catalogue['servers'],
      entitlements: SAMPLE_ENTITLEMENTS,
      services: {},
      sources: EVERY_SOURCE,
    });
  }

  private async startServices(parts: StackParts): Promise<void> {
    this.say('planner and executor');
    const { environment } = parts;
    const [planner, executor] = await Promise.all([
      this.launch('planner', { ...plannerEnvironment(environment), ...this.options.plannerEnv }, this.plannerUrl),
      this.launch('executor', { ...executorEnvironment(environment), ...this.options.executorEnv }, this.executorUrl),
    ]);
    parts.planner = planner;
    parts.executor = executor;
  }

  private async launch(name: string, env: Record<string, string>, url: string): Promise<ServiceProcess> {
    const service = await ServiceProcess.start({
      name,
      entry: `apps/${name}/src/main.js`,
      env,
      logFile: join(this.options.directory, `${name}.log`),
      ready: answersOk(`${url}/health/ready`),
    });
    return this.keep(service);
  }

  private keep<T extends { stop(): Promise<void> }>(part: T): T {
    this.started.push(part);
    return part;
  }

  private say(what: string): void {
    this.options.onProgress?.(what);
  }
}

interface StackParts {
  readonly ledger: LedgerServer;
  readonly urls: LedgerUrls;
  readonly environment: StackEnvironment;
  readonly kafka: RunningKafka | undefined;
  readonly provisioner: SampleProvisioner | undefined;
  planner?: ServiceProcess;
  executor?: ServiceProcess;
}

function adminPassword(server: RunningPostgres): string {
  return decodeURIComponent(new URL(server.adminUrl).password);
}

function password(): string {
  return randomBytes(24).toString('base64url');
}

function required<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new Error(otherwise);
  return value;
}
