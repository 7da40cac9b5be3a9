import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const APPLICATION = fileURLToPath(new URL('./application.js', import.meta.url));
const KILL_AFTER_MS = 10_000;
const LOG_LINES = 1_000;

export interface StatusBody {
  readonly state: 'running' | 'stopping' | 'stopped' | 'exited';
  readonly healthy?: boolean;
  readonly restarts: number;
  readonly exitCode?: number;
  readonly pid?: number;
  readonly port?: number;
}

/** What happened to the process, for tests. */
export type HistoryEntry =
  | { readonly at: string; readonly what: 'started'; readonly pid: number }
  | {
      readonly at: string;
      readonly what: 'ended';
      readonly code: number | null;
      readonly signal: string | null;
      readonly asked: boolean;
    };

/** Switched on by tests. `ignore` answers and does nothing, `refuse` answers 409. */
export interface ControlFaults {
  stop?: 'ignore' | 'refuse';
  start?: 'ignore' | 'refuse';
  /** So many calls are answered 503. */
  unavailable?: number;
}

/** One application as a child process, with what its controller keeps about it. */
export class ControlledApplication {
  environment: Readonly<Record<string, string>> = {};
  resources: Readonly<Record<string, unknown>> = {};
  faults: ControlFaults = {};
  readonly history: HistoryEntry[] = [];
  private readonly lines: { readonly at: number; readonly text: string }[] = [];
  private child: ChildProcess | undefined;
  private port: number | undefined;
  private wanted: 'running' | 'stopped' = 'stopped';
  private exitCode: number | undefined;
  private restarts = 0;

  constructor(
    private readonly config: string,
    /** After an end that nobody asked for; absent: it stays down. */
    private readonly restartDelayMs: number | undefined,
  ) {}

  start(): void {
    this.wanted = 'running';
    if (!this.child) this.launch();
  }

  stop(): void {
    this.wanted = 'stopped';
    const child = this.child;
    if (!child) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    child.once('exit', () => clearTimeout(timer));
  }

  async ended(): Promise<void> {
    if (this.child) await once(this.child, 'exit');
  }

  async status(): Promise<StatusBody> {
    const { restarts } = this;
    if (!this.child) {
      const ended = this.exitCode === undefined ? {} : { exitCode: this.exitCode };
      return this.wanted === 'running' ? { state: 'exited', restarts, ...ended } : { state: 'stopped', restarts };
    }
    if (this.wanted === 'stopped') return { state: 'stopping', restarts };
    const where = {
      ...(this.child.pid === undefined ? {} : { pid: this.child.pid }),
      ...(this.port === undefined ? {} : { port: this.port }),
    };
    return { state: 'running', healthy: await this.healthy(), restarts, ...where };
  }

  log(since: number): string {
    return this.lines
      .filter(({ at }) => at >= since)
      .map(({ at, text }) => `${new Date(at).toISOString()} ${text}\n`)
      .join('');
  }

  private launch(): void {
    // The variables reach the application, as a container's would; it does not look at them.
    const env = { PATH: '/usr/bin:/bin', ...this.environment };
    const child = spawn(process.execPath, [APPLICATION, '--config', this.config, '--end-with-parent'], {
      env,
      stdio: 'pipe',
    });
    this.child = child;
    this.port = undefined;
    this.exitCode = undefined;
    this.history.push({ at: new Date().toISOString(), what: 'started', pid: child.pid ?? 0 });
    createInterface(child.stdout).on('line', (line) => this.hear(line));
    createInterface(child.stderr).on('line', (line) => this.keep(line));
    child.stdin.on('error', () => undefined);
    child.once('exit', (code, signal) => this.atExit(code, signal));
  }

  private hear(line: string): void {
    this.keep(line);
    this.port ??= portIn(line);
  }

  private keep(text: string): void {
    this.lines.push({ at: Date.now(), text });
    if (this.lines.length > LOG_LINES) this.lines.shift();
  }

  private atExit(code: number | null, signal: string | null): void {
    this.child = undefined;
    const asked = this.wanted === 'stopped';
    this.history.push({ at: new Date().toISOString(), what: 'ended', code, signal, asked });
    if (asked) return;
    this.exitCode = code ?? 128;
    if (this.restartDelayMs === undefined) return;
    setTimeout(() => {
      if (this.wanted !== 'running' || this.child) return;
      this.restarts += 1;
      this.launch();
    }, this.restartDelayMs).unref();
  }

  private async healthy(): Promise<boolean> {
    if (this.port === undefined) return false;
    const url = `http://127.0.0.1:${String(this.port)}/health`;
    return fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

function portIn(line: string): number | undefined {
  if (!line.startsWith('{')) return undefined;
  const facts: unknown = JSON.parse(line);
  return typeof facts === 'object' && facts !== null && 'port' in facts && typeof facts.port === 'number'
    ? facts.port
    : undefined;
}
