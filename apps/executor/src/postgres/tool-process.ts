import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A process for certain: pids are used again, a pid with its start time is not. */
export interface ProcessMark {
  readonly pid: number;
  /** As the operating system tells it: clock ticks since boot on Linux, a date elsewhere. */
  readonly startedAt: string;
}

/** Marks a running process; undefined when it has ended. */
export async function markProcess(pid: number): Promise<ProcessMark | undefined> {
  const startedAt = process.platform === 'linux' ? await linuxStart(pid) : await otherStart(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Writes down which process works here, so that the next owner of the run can end it. */
export async function recordProcess(path: string, mark: ProcessMark): Promise<void> {
  await writeFile(path, JSON.stringify(mark), { mode: 0o600 });
}

/**
 * Ends the process group that an earlier attempt recorded at `path`, if it still runs, and waits until it is gone.
 * @returns whether there was one. A pid that now belongs to another process is left alone.
 */
export async function endRecordedProcess(path: string, signal: AbortSignal): Promise<boolean> {
  const mark = parseMark(await readFile(path, 'utf8').catch(() => ''));
  if (!mark) return false;
  const running = await isSame(mark);
  if (running) {
    killGroup(mark.pid, 'SIGKILL');
    while (await isSame(mark)) await delay(20, undefined, { signal });
  }
  await rm(path, { force: true });
  return running;
}

/** Signals the whole group: pg_dump's workers are processes, too. A group that has ended is no error. */
export function killGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // ESRCH: it has ended already.
  }
}

async function isSame(mark: ProcessMark): Promise<boolean> {
  return (await markProcess(mark.pid))?.startedAt === mark.startedAt;
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold blanks and parentheses. A zombie has ended. */
async function linuxStart(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

async function otherStart(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: { PATH: '/usr/bin:/bin' },
    });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

function parseMark(text: string): ProcessMark | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value)) return undefined;
    return typeof value.pid === 'number' && typeof value.startedAt === 'string'
      ? { pid: value.pid, startedAt: value.startedAt }
      : undefined;
  } catch {
    return undefined;
  }
}
