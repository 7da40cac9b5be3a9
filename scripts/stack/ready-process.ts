import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { builtFile } from './project-root.js';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/** A process of `examples/` that says in one line of JSON when it can be used, and ends when its standard input closes. */
export class ReadyProcess<Facts extends object> {
  private constructor(
    private readonly child: ChildProcess,
    readonly facts: Facts,
    private readonly lines: AsyncIterator<string>,
  ) {}

  /** @throws Error with what it said when it ends or stays silent. */
  static async start<Facts extends object>(
    entry: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<ReadyProcess<Facts>> {
    const child = spawn(process.execPath, [builtFile(entry), ...args, '--end-with-parent'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2_000)));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const timer = setTimeout(() => child.kill('SIGKILL'), READY_TIMEOUT_MS);
    const first = await lines.next();
    clearTimeout(timer);
    if (first.done === true) throw new Error(`${entry} did not become ready: ${complaint}`);
    return new ReadyProcess(child, JSON.parse(first.value) as Facts, lines);
  }

  /** Ends it and answers its last line, if it says one. */
  async stop(): Promise<string | undefined> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return undefined;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
    const last = await this.lines.next();
    return last.done === true ? undefined : last.value;
  }
}
