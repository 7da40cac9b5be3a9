import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import type { DatabaseAddress, ServerEndpoint, ServiceDefinition } from '#shared/contracts/registry.js';
import type { MigratedDatabase, ProjectPin } from '#shared/contracts/steps/project-steps.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { createLogger } from '#shared/observability/logger.js';
import { digestOf } from '#shared/projects/bundle/digest.js';
import { createStepTools } from '../../../apps/executor/src/create-step-tools.js';
import { readExecutorConfig } from '../../../apps/executor/src/executor.config.js';
import type { StepTools } from '../../../apps/executor/src/running/step-tools.js';
import { Redactor } from '../../../apps/executor/src/secrets/redact.js';
import { createTestLedger, type TestLedger } from '../../harness/ledger.js';
import { addressOf, createSampleSource, type SampleSource } from '../../harness/moved-database.js';
import { runPostgresUrl } from '../../harness/run-addresses.js';
import type { RunningPostgres } from '../../harness/servers/running-server.js';
import { startPostgres } from '../../harness/servers/start-servers.js';
import { StubService } from '../../harness/stub-service.js';
import { movedProjectFiles, sourceProjectFiles } from './pushed-projects.js';

const DUMP = 'create table public.of_a_file (id int primary key);\ninsert into public.of_a_file values (1);\n';

/** Two real servers, a database with one of every kind of object, a service with its file, and a provisioner. */
export class ConformanceWorld {
  readonly migrationId = randomUUID();
  readonly role = `app ${randomBytes(3).toString('hex')}`;
  private readonly connections: pg.Client[] = [];

  private constructor(
    readonly ledger: TestLedger,
    readonly tools: StepTools,
    readonly source: DatabaseAddress,
    readonly sample: SampleSource,
    readonly targetServer: ServerEndpoint,
    readonly service: ServiceDefinition,
    readonly controller: StubService,
    private readonly target: RunningPostgres,
    private readonly provisioner: Provisioner,
    private readonly directory: string,
  ) {}

  static async create(): Promise<ConformanceWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'rehome-conformance-'));
    const [ledger, target, controller, sample] = await Promise.all([
      createTestLedger(),
      startPostgres({ major: 15, durable: false }),
      StubService.start(),
      createSampleSource(runPostgresUrl()),
    ]);
    const provisioner = await Provisioner.start(target.adminUrl);
    const secrets = {
      REHOME_SECRET_SOURCE: addressOf(runPostgresUrl()).password,
      REHOME_SECRET_TARGET: addressOf(target.adminUrl).password,
    };
    const config = readExecutorConfig({
      REHOME_LEDGER_URL: ledger.urls.executorUrl,
      REHOME_WORK_ROOT: join(directory, 'work'),
      REHOME_VAULT_KEY: randomBytes(32).toString('base64'),
      REHOME_CONFIG_ROOTS: directory,
      REHOME_BACKUP_ROOTS: directory,
      REHOME_ALLOWED_HOSTS: '127.0.0.1',
      REHOME_ALLOWED_PROGRAMS: '/bin/true',
      REHOME_PROVISIONER_URL: provisioner.url,
      REHOME_PROVISIONER_DEPROVISION: 'true',
      REHOME_LOG_LEVEL: 'silent',
      REHOME_SECRET_APP: 'of the application',
      ...secrets,
    });
    await mkdir(config.workRoot, { mode: 0o700 });
    const logger = createLogger({ name: 'conformance', level: 'silent' });
    const { tools } = createStepTools({ config, pools: ledger.executor.pools, redactor: new Redactor(), logger });
    const configPath = join(directory, 'odoo.conf');
    await writeFile(
      configPath,
      '[options]\n; keep me\ndb_host = old-host\ndb_port = 5432\ndb_user = old\ndb_password = secret\n',
    );
    await writeFile(join(directory, 'dump.sql'), DUMP);
    await writeFile(join(directory, 'db-password'), 'secret\n', { mode: 0o640 });
    const source = {
      server: endpointOf('main', runPostgresUrl(), 'env:REHOME_SECRET_SOURCE'),
      database: sample.address.database,
    };
    const targetServer = endpointOf('dedicated', target.adminUrl, 'env:REHOME_SECRET_TARGET');
    const world = new ConformanceWorld(
      ledger,
      tools,
      source,
      sample,
      targetServer,
      serviceOf(controller, configPath),
      controller,
      target,
      provisioner,
      directory,
    );
    await world.putAside();
    await world.push(sourceProjectFiles(world.source));
    await world.push(movedProjectFiles(world.movedDatabase));
    return world;
  }

  /** A dump that Rehome did not make. */
  get dump(): { path: string; sha256: string } {
    return { path: join(this.directory, 'dump.sql'), sha256: createHash('sha256').update(DUMP).digest('hex') };
  }

  /** A project of one table, pushed; its database is the source. */
  get project(): ProjectPin {
    return { name: 'shop', digest: digestOf(sourceProjectFiles(this.source)) };
  }

  get migratedDatabase(): MigratedDatabase {
    const { source, sample } = this;
    return { alias: 'main', address: source, schemas: ['public'], owner: sample.owner, settings: {} };
  }

  /** Name of the database that the move makes. */
  get movedDatabase(): string {
    return `${this.source.database} moved`;
  }

  /** Database at the source that a move of this migration put aside, marked as such. */
  get aside(): string {
    return `${this.source.database.slice(0, 40)}_aside`;
  }

  /** The application's sessions: from now on it connects there as its role. */
  async connectApplication(database: string): Promise<void> {
    const client = new pg.Client({
      ...addressOf(this.target.adminUrl),
      database,
      user: this.role,
      password: 'of the application',
    });
    client.on('error', () => undefined);
    await client.connect();
    this.connections.push(client);
  }

  private async putAside(): Promise<void> {
    const maintenance = addressOf(runPostgresUrl(), 'postgres');
    const name = quoteIdentifier(this.aside);
    await ask(maintenance, `create database ${name}`);
    await ask(maintenance, `comment on database ${name} is 'rehome migration ${this.migrationId}'`);
  }

  private async push(files: ReadonlyMap<string, string>): Promise<void> {
    await this.ledger.query(`insert into planner.project_content (digest, files) values ($1, $2)`, [
      digestOf(files),
      JSON.stringify(Object.fromEntries(files)),
    ]);
  }

  async disconnectApplication(): Promise<void> {
    await Promise.all(this.connections.splice(0).map((client) => client.end().catch(() => undefined)));
  }

  /** Everything that steps change, as one comparable text. */
  async snapshot(): Promise<string> {
    const [source, target] = await Promise.all([
      serverState(runPostgresUrl(), this.source.database),
      serverState(this.target.adminUrl),
    ]);
    const file = this.service.configFiles[0]?.path ?? '';
    const { state, environment, resources } = this.controller;
    return JSON.stringify(
      {
        source,
        target,
        file: await readFile(file, 'utf8'),
        secretFile: await readFile(this.service.secretFile?.path ?? '', 'utf8'),
        service: { state, environment, resources },
        provisioned: [...this.provisioner.servers.values()],
        work: await workFiles(this.tools.workRoot),
      },
      null,
      1,
    );
  }

  /** One statement as the target's superuser. */
  async atTarget(database: string, text: string): Promise<Record<string, unknown>[]> {
    return ask({ ...addressOf(this.target.adminUrl), database }, text);
  }

  async close(): Promise<void> {
    await this.disconnectApplication();
    await Promise.all([this.controller.close(), this.provisioner.close(), this.ledger.close(), this.target.stop()]);
    const like = `${this.source.database.slice(0, 40)}%`;
    const maintenance = addressOf(runPostgresUrl(), 'postgres');
    const left = await ask(maintenance, `select datname from pg_database where datname like ${pg.escapeLiteral(like)}`);
    for (const { datname } of left)
      await ask(maintenance, `drop database ${quoteIdentifier(String(datname))} with (force)`);
    await rm(this.directory, { recursive: true, force: true });
  }
}

function endpointOf(name: string, adminUrl: string, adminSecretRef: string): ServerEndpoint {
  const { host, port, user } = addressOf(adminUrl);
  return { name, host, port, adminUser: user, adminSecretRef };
}

function serviceOf({ url }: StubService, path: string): ServiceDefinition {
  const secretFile = { path: join(dirname(path), 'db-password') };
  return {
    name: 'odoo',
    control: { driver: 'http', url },
    configFiles: [
      {
        path,
        format: 'ini',
        section: 'options',
        keys: { host: 'db_host', port: 'db_port', user: 'db_user', password: 'db_password' },
      },
    ],
    secretFile,
    environment: { host: 'HOST', user: 'USER', password: 'PASSWORD' },
    stopTimeoutMs: 5_000,
    startTimeoutMs: 5_000,
  };
}

/** Databases with owner, limit, grants and mark, and roles; of the source's server only what the move may touch. */
async function serverState(adminUrl: string, only?: string): Promise<unknown> {
  const address = addressOf(adminUrl, 'postgres');
  const databases = await ask(
    address,
    `select datname, pg_get_userbyid(datdba) as owner, datconnlimit, datacl::text as acl, shobj_description(oid, 'pg_database') as comment
       from pg_database
      where not datistemplate and datname not like 'ledger%' and datname not like 'test%'
      order by 1`,
  );
  const ours = databases.filter(({ datname }) => only === undefined || String(datname).startsWith(only.slice(0, 40)));
  const contents: unknown[] = [];
  for (const { datname } of ours) contents.push(await objectsOf({ ...address, database: String(datname) }));
  const roles =
    only === undefined
      ? await ask(address, `select rolname, rolcanlogin, rolsuper from pg_roles where rolname !~ '^pg_' order by 1`)
      : [];
  return { databases: ours, contents, roles };
}

async function objectsOf(address: pg.ClientConfig): Promise<unknown> {
  const [row] = await ask(
    address,
    `select (select count(*) from pg_class where oid >= 16384) as relations,
            (select count(*) from pg_largeobject_metadata) as large_objects,
            (select count(*) from pg_extension) as extensions`,
  );
  return row;
}

async function workFiles(workRoot: string): Promise<string[]> {
  const entries = await readdir(workRoot, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

async function ask(config: pg.ClientConfig, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(config);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Gives the target server to whoever asks, the same answer for the same key. */
class Provisioner {
  readonly servers = new Map<string, string>();

  private constructor(
    private readonly server: Server,
    private readonly adminUrl: string,
  ) {}

  static async start(adminUrl: string): Promise<Provisioner> {
    const server = createServer();
    const provisioner = new Provisioner(server, adminUrl);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const key = String(request.headers['idempotency-key'] ?? '');
        const answer = provisioner.answer(request.url ?? '', key, Buffer.concat(chunks).toString());
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return provisioner;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }

  private answer(path: string, key: string, body: string): object {
    if (path.endsWith('/deprovision')) {
      const { db_server_id } = JSON.parse(body) as { db_server_id: string };
      for (const [known, id] of this.servers) if (id === db_server_id) this.servers.delete(known);
      return {};
    }
    const id = this.servers.get(key) ?? `dedicated-${String(this.servers.size + 1)}`;
    this.servers.set(key, id);
    const { host, port, user, password } = addressOf(this.adminUrl);
    return { db_server_id: id, db_host: host, db_port: port, db_user: user, db_password: password };
  }
}
