import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOwnedFolder, removeFolder } from './owned-folder.js';

const LOG_TAIL_LINES = 15;
const POLL_MS = 20;

/** A server that runs as a process of ours with a folder of its own; neither outlives us. */
export class ServerProcess {
  readonly folder: string;
  private child: ChildProcess | undefined;
  private logStart = 0;

  constructor(
    private readonly name: string,
    folderName: string,
  ) {
    this.folder = createOwnedFolder(folderName);
    process.once('exit', this.abandon);
  }

  get pid(): number | undefined {
    return this.running ? this.child?.pid : undefined;
  }

  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts it and waits until `ready`, which is told what it logged since. @throws Error with the end of its log when it ends before, or is late. */
  async start(
    [program, ...args]: readonly [string, ...string[]],
    ready: (logged: string) => boolean | Promise<boolean>,
    timeoutMs: number,
  ): Promise<void> {
    this.logStart = this.log().length;
    const log = openSync(join(this.folder, 'log'), 'a', 0o600);
    this.child = spawn(program, args, { stdio: ['ignore', log, log], cwd: this.folder });
    closeSync(log);
    let failure: Error | undefined;
    this.child.once('error', (error) => {
      failure = error;
      this.child = undefined;
    });
    const deadline = Date.now() + timeoutMs;
    while (!(await ready(this.log().slice(this.logStart)))) {
      if (!this.running) throw new Error(`${this.name} did not start: ${failure?.message ?? this.logTail()}`);
      if (Date.now() > deadline) throw new Error(`${this.name} was not ready in time: ${this.logTail()}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Ends it and waits until it has ended; killed when it takes longer than `patienceMs`. */
  async end(signal: NodeJS.Signals, patienceMs = 10_000): Promise<void> {
    const child = this.child;
    if (child === undefined || !this.running) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const impatience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    await ended;
    clearTimeout(impatience);
  }

  /** After `end`: nothing of it stays. */
  removeFiles(): void {
    removeFolder(this.folder);
    process.removeListener('exit', this.abandon);
  }

  private logTail(): string {
    return this.log().trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n') || 'it said nothing';
  }

  private log(): string {
    const log = join(this.folder, 'log');
    return existsSync(log) ? readFileSync(log, 'utf8') : '';
  }

  private readonly abandon = (): void => {
    this.child?.kill('SIGKILL');
    removeFolder(this.folder);
  };
}
