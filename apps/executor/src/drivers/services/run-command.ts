import { spawn, type ChildProcess } from 'node:child_process';

const KILL_AFTER_MS = 2_000;
const TAIL_BYTES = 2_000;

export interface CommandRun {
  readonly argv: readonly [string, ...string[]];
  /** Written to standard input, where secrets belong: argv is visible to every process. */
  readonly input?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type CommandOutcome =
  | { readonly outcome: 'exited'; readonly code: number; readonly errorTail: string }
  | { readonly outcome: 'killed'; readonly by: string; readonly errorTail: string }
  | { readonly outcome: 'timed-out'; readonly errorTail: string }
  /** Node's error code, such as ENOENT. */
  | { readonly outcome: 'not-started'; readonly reason: string };

/**
 * Runs a program without a shell in a process group of its own, so that a time-out ends its children too.
 * @throws the signal's reason when it is aborted; the group has ended then.
 */
export async function runCommand({ argv, input, timeoutMs, signal }: CommandRun): Promise<CommandOutcome> {
  signal.throwIfAborted();
  const [program, ...rest] = argv;
  const child = spawn(program, rest, {
    shell: false,
    detached: true,
    env: environment(),
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const tail = collectTail(child);
  const timeout = AbortSignal.timeout(timeoutMs);
  const stopped = AbortSignal.any([signal, timeout]);
  const end = (): void => endGroup(child);
  stopped.addEventListener('abort', end, { once: true });
  try {
    // A program that does not read its input closes the pipe: not a failure by itself.
    child.stdin.on('error', () => undefined).end(input ?? '');
    const outcome = await ending(child, tail);
    signal.throwIfAborted();
    return timeout.aborted ? { outcome: 'timed-out', errorTail: tail() } : outcome;
  } finally {
    stopped.removeEventListener('abort', end);
  }
}

/** Nothing of ours but what finds programs: settings and secrets of the executor stay here. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
}

function ending(child: ChildProcess, tail: () => string): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ outcome: 'not-started', reason: error.code ?? 'unknown' }),
    );
    // `exit`, not `close`: a daemon that start leaves behind may keep standard error open for ever.
    child.once('exit', (code, by) => {
      resolve(
        code === null
          ? { outcome: 'killed', by: by ?? 'unknown', errorTail: tail() }
          : { outcome: 'exited', code, errorTail: tail() },
      );
      setImmediate(() => child.stderr?.destroy());
    });
  });
}

function collectTail(child: ChildProcess): () => string {
  let tail = Buffer.alloc(0);
  child.stderr?.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
  });
  return () => tail.toString('utf8').trim();
}

function endGroup(child: ChildProcess): void {
  killGroup(child, 'SIGTERM');
  const timer = setTimeout(() => killGroup(child, 'SIGKILL'), KILL_AFTER_MS);
  child.once('exit', () => {
    clearTimeout(timer);
    // Children that ignored SIGTERM must not outlive the call.
    killGroup(child, 'SIGKILL');
  });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone: that is what was wanted.
  }
}
