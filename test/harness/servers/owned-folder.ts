import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of this machine or container: others may share the temporary folder, and our process ids mean nothing there. */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 6);
const NAME = new RegExp(`^rehome-[a-z0-9]+-${MACHINE}-(\\d+)-`);
let swept = false;

/** A temporary folder named after this process, so that it can be told from one whose owner was killed. */
export function createOwnedFolder(what: string): string {
  if (!swept) removeAbandonedFolders();
  swept = true;
  return mkdtempSync(join(tmpdir(), `rehome-${what}-${MACHINE}-${String(process.pid)}-`));
}

export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

/** Servers die with the process that started them, but one that is killed cannot remove their files: the next does. */
function removeAbandonedFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = NAME.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    try {
      removeFolder(join(tmpdir(), name));
    } catch {
      // Another user's, or another process of ours removes it right now.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
