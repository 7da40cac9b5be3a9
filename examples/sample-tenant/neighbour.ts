import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { createLogin, withClient } from './create-tenant.js';
import { listenJson } from './json-server.js';
import { JsonSettings } from './read-settings.js';
import { endWithParent, printLine, untilToldToEnd } from './ready-line.js';

/**
 * A second tenant on the shared server, who must notice nothing of a move: writes about 40 times a second and counts
 * writes and errors. `GET /counts` tells them at any time, SIGTERM prints them as the last line.
 *
 *     node neighbour.js --settings /path.json    with adminUrl, database, owner, ownerPassword, writesPerSecond
 */
class Neighbour {
  private readonly startedAt = performance.now();
  private writes = 0;
  private errors = 0;
  private lastError: string | undefined;
  private slowestMs = 0;
  private readonly ending = new AbortController();

  constructor(
    private readonly url: string,
    private readonly pauseMs: number,
  ) {}

  counts(): object {
    const seconds = (performance.now() - this.startedAt) / 1_000;
    return {
      writes: this.writes,
      errors: this.errors,
      writesPerSecond: Math.round((this.writes / seconds) * 10) / 10,
      slowestMs: Math.round(this.slowestMs),
      ...(this.lastError === undefined ? {} : { lastError: this.lastError }),
    };
  }

  end(): void {
    this.ending.abort();
  }

  /** Until it is ended; after an error on a new connection. */
  async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      const client = new pg.Client({ connectionString: this.url, application_name: 'sample-neighbour' });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await this.writeOn(client);
      } catch (error) {
        this.errors += 1;
        this.lastError = error instanceof Error ? error.message : String(error);
        await this.pause(this.pauseMs);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }

  private async writeOn(client: pg.Client): Promise<void> {
    while (!this.ending.signal.aborted) {
      const began = performance.now();
      await client.query(`insert into journal (note) values ($1)`, [`write ${String(this.writes)}`]);
      this.writes += 1;
      const took = performance.now() - began;
      this.slowestMs = Math.max(this.slowestMs, took);
      await this.pause(this.pauseMs - took);
    }
  }

  private async pause(ms: number): Promise<void> {
    await delay(Math.max(0, ms), undefined, { signal: this.ending.signal }).catch(() => undefined);
  }
}

/** Its own small database, made when it is missing. @returns where the tenant logs in. */
async function createDatabase(settings: JsonSettings): Promise<string> {
  const adminUrl = settings.text('adminUrl');
  const database = settings.text('database');
  const owner = settings.text('owner');
  const password = settings.text('ownerPassword');
  await withClient(adminUrl, undefined, async (admin) => {
    await createLogin(admin, owner, password);
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0)
      await admin.query(`create database ${quoteIdentifier(database)} owner ${quoteIdentifier(owner)}`);
  });
  const url = new URL(adminUrl);
  url.username = encodeURIComponent(owner);
  url.password = encodeURIComponent(password);
  url.pathname = `/${encodeURIComponent(database)}`;
  await withClient(url.href, undefined, async (client) => {
    await client.query(
      'create table if not exists journal (id bigserial primary key, at timestamptz not null default clock_timestamp(), note text)',
    );
  });
  return url.href;
}

const { values } = parseArgs({
  options: {
    settings: { type: 'string', default: '-' },
    port: { type: 'string', default: '0' },
    'end-with-parent': { type: 'boolean' },
  },
});
const told = untilToldToEnd();
const settings = await JsonSettings.read(values.settings);
if (values['end-with-parent'] && values.settings !== '-') endWithParent();
const neighbour = new Neighbour(await createDatabase(settings), 1_000 / settings.number('writesPerSecond', 40));
const server = await listenJson(Number(values.port), ({ path }) =>
  path[0] === 'counts' ? { status: 200, body: neighbour.counts() } : { status: 404 },
);
const running = neighbour.run();
printLine({ ready: true, pid: process.pid, port: server.port, url: `http://127.0.0.1:${String(server.port)}` });
await told;
neighbour.end();
await running;
await server.close();
printLine(neighbour.counts());
process.exit(0);
