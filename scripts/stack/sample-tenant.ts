import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { InstanceDefinition, ServiceDefinition } from '#shared/contracts/registry.js';
import { createTenant, type TenantFacts } from '../../examples/sample-tenant/create-tenant.js';
import type { PlannerClient } from './planner-client.js';
import { ReadyProcess } from './ready-process.js';
import type { NamedServer } from './running-stack.js';

export interface SampleTenantOptions {
  readonly server: NamedServer;
  readonly directory: string;
  readonly database: string;
  readonly owner: string;
  /** 1 makes about 412,000 rows. */
  readonly scale: number;
  /** Also keep the connection in the service's environment, as some platforms do. */
  readonly environment?: boolean;
  /** Chosen by tests that look for it everywhere. */
  readonly ownerPassword?: string;
}

export interface ApplicationHealth {
  readonly status: string;
  readonly writes: number;
  readonly errors: number;
  readonly connectedTo: { readonly host: string; readonly port: number; readonly user: string };
}

const HEALTHY_TIMEOUT_MS = 30_000;

/** A tenant as Rehome meets one: a database on a shared server, an application that uses it, and who starts and stops that. */
export class SampleTenant {
  private constructor(
    readonly options: SampleTenantOptions,
    readonly instanceId: string,
    readonly facts: TenantFacts,
    readonly configPath: string,
    private readonly controller: ReadyProcess<{ url: string }>,
  ) {}

  /** Makes the database, writes the config file, starts the application and waits until it is healthy. */
  static async start(options: SampleTenantOptions): Promise<SampleTenant> {
    const instanceId = randomUUID();
    const ownerPassword = options.ownerPassword ?? randomBytes(18).toString('base64url');
    const { server, database, owner } = options;
    const facts = await createTenant({
      adminUrl: server.adminUrl,
      database,
      owner,
      ownerPassword,
      scale: options.scale,
    });
    const configPath = join(options.directory, `odoo_data_${database}_${instanceId.slice(0, 8)}`, 'conf', 'odoo.conf');
    mkdirSync(dirname(configPath), { recursive: true, mode: 0o700 });
    writeFileSync(configPath, odooConf(options, ownerPassword), { mode: 0o640 });
    const controller = await ReadyProcess.start<{ url: string }>('examples/sample-tenant/service-controller.js', [
      '--application',
      `${serviceName(database, instanceId)}=${configPath}`,
      '--start',
    ]);
    const tenant = new SampleTenant(options, instanceId, facts, configPath, controller);
    await tenant.healthy();
    return tenant;
  }

  /** Address of the service at its controller. */
  get serviceUrl(): string {
    return `${this.controller.facts.url}/services/${encodeURIComponent(serviceName(this.options.database, this.instanceId))}`;
  }

  get instance(): InstanceDefinition {
    const { database, owner, server } = this.options;
    return {
      instanceId: this.instanceId,
      plan: 'standard',
      server: server.name,
      database,
      owner,
      service: this.service.name,
      dbType: 'shared',
    };
  }

  /** One definition for every tenant of this controller: names are made of the database and the instance's id [c17]. */
  get service(): ServiceDefinition {
    return {
      name: 'odoo-{database}-{instanceId8}',
      control: { driver: 'http', url: `${this.controller.facts.url}/services/odoo-{database}-{instanceId8}` },
      configFiles: [
        {
          path: join(this.options.directory, 'odoo_data_{database}_{instanceId8}', 'conf', 'odoo.conf'),
          format: 'ini',
          section: 'options',
          keys: { host: 'db_host', port: 'db_port', user: 'db_user', password: 'db_password' },
        },
      ],
      ...(this.options.environment === false
        ? {}
        : {
            environment: { host: 'ODOO_DATABASE_HOST', user: 'ODOO_DATABASE_USER', password: 'ODOO_DATABASE_PASSWORD' },
          }),
      stopTimeoutMs: 15_000,
      startTimeoutMs: 30_000,
    };
  }

  /** Tells the planner of the service and the instance. */
  async register(planner: PlannerClient, service: ServiceDefinition = this.service): Promise<void> {
    const { name, ...definition } = service;
    await planner.call('PUT', `/v1/services/${encodeURIComponent(name)}`, definition);
    const { instanceId, ...instance } = this.instance;
    await planner.call('PUT', `/v1/instances/${instanceId}`, { ...instance, service: name });
  }

  config(): string {
    return readFileSync(this.configPath, 'utf8');
  }

  /** What the running application says of itself; undefined while it does not answer. */
  async health(): Promise<ApplicationHealth | undefined> {
    try {
      const status = (await (await fetch(`${this.serviceUrl}/status`)).json()) as { port?: number };
      if (status.port === undefined) return undefined;
      const answer = await fetch(`http://127.0.0.1:${String(status.port)}/health`, {
        signal: AbortSignal.timeout(2_000),
      });
      return (await answer.json()) as ApplicationHealth;
    } catch {
      return undefined;
    }
  }

  /** @throws Error when the application is not healthy in time. */
  async healthy(): Promise<ApplicationHealth> {
    const deadline = Date.now() + HEALTHY_TIMEOUT_MS;
    for (;;) {
      const health = await this.health();
      if (health?.status === 'ok') return health;
      if (Date.now() > deadline)
        throw new Error(`the application of ${this.options.database} is not healthy: ${JSON.stringify(health)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    await this.controller.stop();
  }
}

function serviceName(database: string, instanceId: string): string {
  return `odoo-${database}-${instanceId.slice(0, 8)}`;
}

/** Comments, odd spacing and order are there to be kept. */
function odooConf({ server, database, owner }: SampleTenantOptions, password: string): string {
  return [
    '; made for the sample tenant; everything but the connection must survive a move',
    '[options]',
    'admin_passwd = not-a-database-password',
    `db_host = ${server.host}`,
    `db_port=${String(server.port)}`,
    `db_user   =   ${owner}`,
    `db_password = ${password}`,
    `db_name = ${database}`,
    '# workers stay as they are',
    'workers = 2',
    'http_port = 0',
    '',
    '[queue_job]',
    'channels = root:2',
    '',
  ].join('\n');
}
