import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { endWithParent } from '../../test/harness/servers/end-with-parent.js';
import { builtFile } from './project-root.js';

export interface ServiceProcessOptions {
  /** What logs and messages call it. */
  readonly name: string;
  /** Compiled entry point, relative to `dist`. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  /** Everything the process prints is appended here. */
  readonly logFile: string;
  /** Answers when the process can be used; asked again until the deadline. */
  readonly ready: (signal: AbortSignal) => Promise<boolean>;
  readonly readyTimeoutMs?: number;
}

const STOP_TIMEOUT_MS = 15_000;

/** One Node process of ours: started, waited for, stopped by SIGTERM, or killed as a power cut would. */
export class ServiceProcess {
  private child: ChildProcess | undefined;

  private constructor(private readonly options: ServiceProcessOptions) {}

  /** @throws Error with the tail of the log when the process ends or is not ready in time. */
  static async start(options: ServiceProcessOptions): Promise<ServiceProcess> {
    const service = new ServiceProcess(options);
    await service.restart();
    return service;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts it again, with further variables such as fault points. The old process must have ended. */
  async restart(extraEnv: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.running) throw new Error(`${this.options.name} is still running`);
    this.launch(extraEnv);
    await this.waitUntilReady();
  }

  /** As restart, but does not wait until it is ready: for processes that a fault point ends early. */
  launch(extraEnv: Readonly<Record<string, string>> = {}): void {
    const log = createWriteStream(this.options.logFile, { flags: 'a', mode: 0o600 });
    const [program, ...args] = endWithParent('TERM', process.execPath, [builtFile(this.options.entry)]);
    this.child = spawn(program, args, {
      env: { ...inheritedEnvironment(), ...this.options.env, ...extraEnv },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    pipeTo(this.child, log);
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (!child || !this.running) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  /** Ends it without a chance to clean up. */
  async kill9(): Promise<void> {
    const child = this.child;
    if (!child || !this.running) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Resolves when the process has ended by itself, with its exit code or signal. */
  async ended(): Promise<number | string | null> {
    const child = this.child;
    if (!child) return null;
    if (this.running) await once(child, 'exit');
    return child.exitCode ?? child.signalCode;
  }

  private async waitUntilReady(): Promise<void> {
    const deadline = AbortSignal.timeout(this.options.readyTimeoutMs ?? 60_000);
    for (;;) {
      if (!this.running) throw new Error(`${this.options.name} ended at once; see ${this.options.logFile}`);
      if (await this.options.ready(deadline).catch(() => false)) return;
      if (deadline.aborted) throw new Error(`${this.options.name} was not ready in time; see ${this.options.logFile}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** What a child needs of our own environment; REHOME_* and OTEL_* of the caller reach it, so that settings can be tried by hand. */
function inheritedEnvironment(): Record<string, string> {
  const wanted = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined &&
      (name.startsWith('REHOME_') ||
        name.startsWith('OTEL_') ||
        ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'].includes(name)),
  );
  return Object.fromEntries(wanted as [string, string][]);
}

function pipeTo(child: ChildProcess, log: WriteStream): void {
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.once('close', () => log.end());
}

/** Asks a health address; any answer but 2xx, and no answer, is not ready. */
export function answersOk(url: string): (signal: AbortSignal) => Promise<boolean> {
  return async (signal) => (await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]) })).ok;
}
