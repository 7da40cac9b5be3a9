import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { listenJson } from './json-server.js';
import { readOdooConf, type OdooConf } from './odoo-conf.js';
import { endWithParent, printLine, untilToldToEnd } from './ready-line.js';

/**
 * A small real application, as a tenant runs one: it reads its connection from its config file and from nowhere else,
 * holds three connections, answers GET /health (503 until it is connected), and writes while it runs.
 * Exit code 255 when the config file is missing or unusable, as Odoo's container does.
 *
 *     node application.js --config /path/odoo.conf
 */
const CONNECTIONS = 3;
const PAUSE_MS = 200;

class Application {
  writes = 0;
  errors = 0;
  private lastError: string | undefined;
  private readonly connected = new Set<number>();
  private readonly ending = new AbortController();
  private loops: Promise<void>[] = [];

  constructor(private readonly conf: OdooConf) {}

  start(): void {
    this.loops = Array.from({ length: CONNECTIONS }, (_, index) => this.keepConnection(index));
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.loops);
  }

  health(): { status: number; body: object } {
    const { host, port, user, database } = this.conf;
    const healthy = this.connected.size === CONNECTIONS && this.writes > 0;
    return {
      status: healthy ? 200 : 503,
      body: {
        status: healthy ? 'ok' : 'not connected',
        connections: this.connected.size,
        writes: this.writes,
        errors: this.errors,
        ...(this.lastError === undefined ? {} : { lastError: this.lastError }),
        connectedTo: { host, port, user, database },
      },
    };
  }

  /** Connects, works, and after any trouble connects again: a short database error must not end an application. */
  private async keepConnection(index: number): Promise<void> {
    while (!this.ending.signal.aborted) {
      const client = this.client(index);
      try {
        await client.connect();
        this.connected.add(index);
        await this.work(client, index);
      } catch (error) {
        this.errors += 1;
        this.lastError = error instanceof Error ? error.message : String(error);
      } finally {
        this.connected.delete(index);
        await client.end().catch(() => undefined);
      }
      await this.pause();
    }
  }

  private client(index: number): pg.Client {
    const { host, port, user, password, database } = this.conf;
    // Every value is given, so that no PGHOST or PGPASSWORD of the environment has a say.
    const client = new pg.Client({
      host,
      port,
      user,
      password,
      database,
      ssl: false,
      options: '',
      connectionTimeoutMillis: 5_000,
      application_name: `sample-tenant ${String(index)}`,
    });
    client.on('error', () => undefined);
    return client;
  }

  private async work(client: pg.Client, index: number): Promise<void> {
    while (!this.ending.signal.aborted) {
      if (index === 0) await this.write(client);
      else await client.query('select count(*) from res_users');
      await this.pause();
    }
  }

  private async write(client: pg.Client): Promise<void> {
    await client.query('begin');
    await client.query(`insert into ir_logging (name, level, message) values ('application', 'info', 'alive')`);
    await client.query(
      `update res_users
          set login_date = clock_timestamp()
        where id = 1 + $1::int % 7`,
      [this.writes],
    );
    await client.query('commit');
    this.writes += 1;
  }

  private async pause(): Promise<void> {
    await delay(PAUSE_MS, undefined, { signal: this.ending.signal }).catch(() => undefined);
  }
}

function readConfOrExit(path: string): OdooConf {
  try {
    return readOdooConf(path);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(255);
  }
}

const { values } = parseArgs({
  options: { config: { type: 'string', default: '' }, 'end-with-parent': { type: 'boolean' } },
});
if (values['end-with-parent']) endWithParent();
const conf = readConfOrExit(values.config);
const told = untilToldToEnd();
const application = new Application(conf);
const server = await listenJson(conf.httpPort, ({ path }) =>
  path[0] === 'health' ? application.health() : { status: 404 },
);
application.start();
printLine({ ready: true, pid: process.pid, port: server.port, url: `http://127.0.0.1:${String(server.port)}` });
await told;
await application.stop();
await server.close();
process.exit(0);
