import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type SampleName = 'application' | 'service-controller' | 'provisioner' | 'tenant' | 'neighbour';

export interface SampleOptions {
  readonly args?: readonly string[];
  /** Given on standard input as JSON, where passwords belong. */
  readonly settings?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly readyTimeoutMs?: number;
}

/** The line a process prints when it can be used. */
export interface ReadyLine {
  readonly ready: true;
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  readonly [fact: string]: unknown;
}

/** One of the sample tenant's programs as a process of its own, compiled: `dist/examples/sample-tenant/<name>.js`. */
export class SampleProcess {
  /** Everything it printed so far. */
  readonly lines: string[] = [];
  private errors = '';

  private constructor(
    private readonly name: SampleName,
    private readonly child: ChildProcess,
  ) {}

  /** Waits for its line of JSON. @throws Error with what it said when it ends before or is not ready in time. */
  static async start(
    name: SampleName,
    options: SampleOptions = {},
  ): Promise<SampleProcess & { readonly ready: ReadyLine }> {
    const child = spawn(process.execPath, [join(compiledSamples(), `${name}.js`), ...(options.args ?? [])], {
      env: { PATH: process.env['PATH'], ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => undefined);
    // With settings the input ends behind them; else it stays open as long as we live.
    if (options.settings !== undefined) child.stdin.end(JSON.stringify(options.settings));
    const sample = new SampleProcess(name, child);
    const ready = await sample.waitForReadyLine(options.readyTimeoutMs ?? 60_000);
    return Object.assign(sample, { ready });
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** SIGTERM; answers its exit code. */
  async stop(): Promise<number | null> {
    if (this.running) this.child.kill('SIGTERM');
    return this.ended();
  }

  async kill9(): Promise<void> {
    if (this.running) this.child.kill('SIGKILL');
    await this.ended();
  }

  async ended(): Promise<number | null> {
    if (this.running) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  private async waitForReadyLine(timeoutMs: number): Promise<ReadyLine> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.errors = (this.errors + chunk.toString()).slice(-4_000);
    });
    const ready = new Promise<ReadyLine | undefined>((resolve) => {
      const reader = createInterface(this.child.stdout ?? process.stdin);
      reader.on('line', (line) => {
        this.lines.push(line);
        if (line.startsWith('{"ready":true')) resolve(JSON.parse(line) as ReadyLine);
      });
      reader.once('close', () => resolve(undefined));
    });
    const line = await ready;
    clearTimeout(timer);
    if (line) return line;
    const code = await this.ended();
    throw new Error(`the sample ${this.name} ended with ${String(code)} before it was ready: ${this.errors}`);
  }
}

/** Found upwards from here, so that sources and `dist` both lead to it. */
function compiledSamples(): string {
  for (
    let directory = dirname(fileURLToPath(import.meta.url));
    directory !== dirname(directory);
    directory = dirname(directory)
  ) {
    if (existsSync(join(directory, 'package.json'))) return join(directory, 'dist/examples/sample-tenant');
  }
  throw new Error('package.json not found above this file');
}
