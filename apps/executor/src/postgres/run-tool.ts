import { spawn, type ChildProcess } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { writePassfile } from './passfile.js';
import type { SessionAddress } from './session.js';
import { ToolComplaints } from './tool-complaints.js';
import { killGroup, markProcess, recordProcess } from './tool-process.js';

export interface ToolCall {
  readonly program: string;
  /** Without connection options and without secrets: these go by environment and password file. */
  readonly arguments: readonly string[];
  /** Absent for a call that connects nowhere, such as `pg_restore --list`. */
  readonly address?: SessionAddress;
  readonly applicationName?: string;
  /** Beside what this file sets, such as `PGSSLMODE`; nothing is inherited. */
  readonly environment?: Readonly<Record<string, string>>;
  /** 0700, of this run: takes the password file, and the tool's pid and start time as `tool.json`. */
  readonly workDirectory: string;
  /** Each line of standard error as it comes, for progress. */
  readonly onLine?: (line: string) => void;
}

export interface ToolOutput {
  readonly stdout: string;
}

/** A tool asked to end gets this long before it is killed. */
const END_GRACE_MS = 5_000;

/**
 * The shell narrows the file mode, which Node can do for nobody but itself, waits until the process is recorded, and
 * becomes the tool. If we die before that, its input ends and so does it: no tool runs that nobody could find.
 */
const GATE = 'umask 077; read -r recorded || exit 125; exec "$@" </dev/null';

/** Where `runTool` records the process; `endRecordedProcess` takes it. */
export function processRecord(workDirectory: string): string {
  return `${workDirectory}/tool.json`;
}

/**
 * Runs a PostgreSQL client tool in a process group of its own until it ends. Aborting the signal ends the whole group.
 * What it writes is readable by this user only.
 * @throws RehomeError TOOL_FAILED with what it complained of, when its exit status is not 0.
 */
export async function runTool(call: ToolCall, signal: AbortSignal): Promise<ToolOutput> {
  signal.throwIfAborted();
  const passfile = call.address && (await writePassfile(call.workDirectory, call.address.password));
  try {
    const child = spawn('/bin/sh', ['-c', GATE, 'sh', call.program, ...call.arguments], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: toolEnvironment(call, passfile?.path),
    });
    return await superviseTool(child, call, signal);
  } finally {
    await passfile?.remove();
  }
}

/** `dbname='a=b'`: pg_dump and pg_restore take a name with `=` or `://` for a whole connection string otherwise. */
export function databaseArgument(database: string): string {
  return `--dbname=dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function toolEnvironment(
  { address, applicationName, environment }: ToolCall,
  passfile: string | undefined,
): NodeJS.ProcessEnv {
  // Progress is read from standard error, so it must come in English.
  const base: NodeJS.ProcessEnv = { PATH: '/usr/bin:/bin', ...environment, LC_ALL: 'C' };
  if (!address) return base;
  return {
    ...base,
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGPASSFILE: passfile,
    PGAPPNAME: applicationName,
    PGCONNECT_TIMEOUT: '10',
    PGCLIENTENCODING: 'UTF8',
    PGOPTIONS: '-c statement_timeout=0',
  };
}

async function superviseTool(child: ChildProcess, call: ToolCall, signal: AbortSignal): Promise<ToolOutput> {
  const complaints = new ToolComplaints();
  const stdout: Buffer[] = [];
  // It may have been ended before it was let go: that is told by its exit.
  child.stdin?.on('error', () => undefined);
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      complaints.hear(redactLine(line, call.address?.password));
      call.onLine?.(line);
    });
  }
  const ended = new Promise<{ code: number | null; name: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, name) => {
      resolve({ code, name });
    });
  });
  // A shell that cannot be started is told below, unless something else fails before.
  ended.catch(() => undefined);
  const stop = endOnAbort(child, signal);
  try {
    await letGo(child, call);
    const { code, name } = await ended;
    signal.throwIfAborted();
    if (code !== 0) throw toolFailure(call.program, code ?? name ?? 'unknown', complaints.lines);
    return { stdout: Buffer.concat(stdout).toString('utf8') };
  } finally {
    stop();
  }
}

/** Records the process and lets it become the tool; one that cannot be recorded ends, because its input does. */
async function letGo(child: ChildProcess, { workDirectory }: ToolCall): Promise<void> {
  try {
    const mark = child.pid === undefined ? undefined : await markProcess(child.pid);
    if (mark) await recordProcess(processRecord(workDirectory), mark);
    child.stdin?.write('recorded\n');
  } finally {
    child.stdin?.end();
  }
}

/** @returns what stops listening. */
function endOnAbort(child: ChildProcess, signal: AbortSignal): () => void {
  let grace: NodeJS.Timeout | undefined;
  const abort = (): void => {
    const { pid } = child;
    if (pid === undefined) return;
    killGroup(pid, 'SIGTERM');
    grace = setTimeout(() => {
      killGroup(pid, 'SIGKILL');
    }, END_GRACE_MS);
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return () => {
    signal.removeEventListener('abort', abort);
    clearTimeout(grace);
    // The tool has ended; a worker of it that did not listen ends now.
    if (signal.aborted && child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
  };
}

function toolFailure(program: string, exit: number | string, lines: readonly string[]): RehomeError {
  const name = basename(program);
  return new RehomeError('TOOL_FAILED', `${name} ended with ${String(exit)}: ${lines.join('\n')}`, {
    facts: { tool: name, exit: String(exit), stderr: lines },
  });
}

function redactLine(line: string, password: string | undefined): string {
  return password ? line.replaceAll(password, '***') : line;
}
