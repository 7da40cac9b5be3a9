import { randomBytes, randomUUID } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { writeCatalogue, SAMPLE_ENTITLEMENTS, type Catalogue } from '../../scripts/stack/catalogue-file.js';
import { builtFile } from '../../scripts/stack/project-root.js';
import type { NamedServer } from '../../scripts/stack/running-stack.js';
import { startSampleProvisioner, type SampleProvisioner } from '../../scripts/stack/sample-provisioner.js';
import { SampleTenant } from '../../scripts/stack/sample-tenant.js';
import { secretName } from '../../scripts/stack/stack-environment.js';
import { toolMajor } from '../../scripts/stack/tool-major.js';
import { endWithParent } from './servers/end-with-parent.js';
import type { RunningPostgres } from './servers/running-server.js';
import { startPostgres } from './servers/start-servers.js';

const SHARED_SERVER = 'pool-2';
const LEDGER = 'rehome';

export interface CommandEnd {
  readonly code: number | string | null;
  readonly out: string;
  readonly err: string;
}

export interface LedgerLine {
  readonly position: string;
  readonly type: string;
  readonly stream: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A server for the ledger, one for tenants, and the command line: nothing of Rehome runs but what is typed. */
export class InProcessWorld {
  private readonly tenants: SampleTenant[] = [];
  private readonly commands = new Set<ChildProcess>();
  private readonly vaultKey = randomBytes(32).toString('base64');

  private constructor(
    readonly directory: string,
    private readonly ledger: RunningPostgres,
    private readonly server: NamedServer,
    private readonly provisioner: SampleProvisioner,
  ) {}

  static async start(): Promise<InProcessWorld> {
    const major = toolMajor();
    const [ledger, server, provisioner] = await Promise.all([
      startPostgres({ major, durable: false }),
      startPostgres({ major, durable: false }),
      startSampleProvisioner(major),
    ]);
    const directory = mkdtempSync(join(tmpdir(), 'rehome-in-process-'));
    return new InProcessWorld(directory, ledger, Object.assign(server, { name: SHARED_SERVER }), provisioner);
  }

  /** What somebody sets who has a server for the ledger and nothing else; leases are short, so that tests see take-overs. */
  environment(): Record<string, string> {
    return {
      REHOME_LEDGER_ADMIN_URL: this.ledgerUrl,
      REHOME_WORK_ROOT: join(this.directory, 'work'),
      REHOME_VAULT_KEY: this.vaultKey,
      REHOME_CATALOGUE: this.cataloguePath,
      REHOME_CONFIG_ROOTS: this.directory,
      REHOME_ALLOWED_HOSTS: '127.0.0.1,localhost',
      REHOME_PROVISIONER_URL: this.provisioner.url,
      REHOME_PROVISIONER_DEPROVISION: 'true',
      [secretName(SHARED_SERVER)]: decodeURIComponent(new URL(this.server.adminUrl).password),
      REHOME_LEASE_TTL_MS: '3000',
      REHOME_HEARTBEAT_MS: '500',
      REHOME_READER_LEASE_TTL_MS: '2000',
    };
  }

  /** A tenant with a running application; the next command finds it in the catalogue. */
  async tenant(): Promise<SampleTenant> {
    const suffix = randomUUID().slice(0, 6);
    const tenant = await SampleTenant.start({
      server: this.server,
      directory: this.directory,
      database: `odoo_${suffix}`,
      owner: `owner_${suffix}`,
      scale: 0.01,
    });
    this.tenants.push(tenant);
    this.writeCatalogue();
    return tenant;
  }

  /** An empty database of an owner that may log in, on the server that the catalogue calls `pool-2`. */
  async database(name: string, owner: string): Promise<void> {
    this.writeCatalogue();
    await this.onServer('postgres', `create role ${quoteIdentifier(owner)} login`);
    await this.onServer('postgres', `create database ${quoteIdentifier(name)} owner ${quoteIdentifier(owner)}`);
  }

  /** Rows of a query on that server, as its administrator. */
  onServer<Row extends object>(database: string, text: string): Promise<Row[]> {
    const url = new URL(this.server.adminUrl);
    url.pathname = `/${database}`;
    return rowsOf<Row>(url.toString(), text, []);
  }

  /** `rehome … --in-process` as somebody types it, with further variables such as fault points. */
  async rehome(args: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<CommandEnd> {
    return this.ended(this.launch(args, extra));
  }

  /** As `rehome`, but does not wait for its end. */
  launch(args: readonly string[], extra: Readonly<Record<string, string>> = {}): ChildProcess {
    const entry = builtFile('apps/cli/src/main.js');
    const [program, ...rest] = endWithParent('TERM', process.execPath, [entry, ...args, '--in-process']);
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(program, rest, {
      cwd: this.directory,
      env: { PATH, HOME, LANG: 'C.UTF-8', ...this.environment(), ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.commands.add(child);
    child.once('close', () => this.commands.delete(child));
    return child;
  }

  async ended(child: ChildProcess): Promise<CommandEnd> {
    let [out, err] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return { code: code ?? signal, out, err };
  }

  /** What the ledger holds of a migration, in order. */
  async events(migrationId: string): Promise<LedgerLine[]> {
    return this.query<LedgerLine>(
      `select position, type, stream_id as stream, data from ledger.event where migration_id = $1 order by position`,
      [migrationId],
    );
  }

  /** Rows of a query on the ledger, as its administrator. */
  query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return rowsOf<Row>(this.ledgerUrl, text, values);
  }

  async stop(): Promise<void> {
    for (const child of this.commands) child.kill('SIGKILL');
    for (const tenant of this.tenants) await tenant.stop();
    await Promise.all([this.provisioner.stop(), this.server.stop(), this.ledger.stop()]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private get ledgerUrl(): string {
    const url = new URL(this.ledger.adminUrl);
    url.pathname = `/${LEDGER}`;
    return url.toString();
  }

  private get cataloguePath(): string {
    return join(this.directory, 'catalogue.yaml');
  }

  private writeCatalogue(): void {
    const { host, port } = this.server;
    const services: Record<string, Catalogue['services'][string]> = {};
    const instances: Record<string, NonNullable<Catalogue['instances']>[string]> = {};
    for (const tenant of this.tenants) {
      const { name, ...definition } = tenant.service;
      // Every tenant has a controller of its own here, so a definition of its own, too.
      const service = `${tenant.instanceId.slice(0, 8)}-${name}`;
      services[service] = definition;
      const { instanceId, ...instance } = tenant.instance;
      instances[instanceId] = { ...instance, service };
    }
    writeCatalogue(this.cataloguePath, {
      servers: {
        [SHARED_SERVER]: { host, port, adminUser: 'postgres', adminSecretRef: `env:${secretName(SHARED_SERVER)}` },
      },
      entitlements: SAMPLE_ENTITLEMENTS,
      services,
      sources: {},
      instances,
    });
  }
}

async function rowsOf<Row extends object>(connectionString: string, text: string, values: unknown[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
