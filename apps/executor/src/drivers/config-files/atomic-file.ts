import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Ownership {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Writes a new file beside its place and renames it over the old one: readers see the old bytes or the new ones, also
 * after a power cut. `beforeRename` is the last chance to refuse; the new file is removed when it throws.
 */
export async function replaceFile(
  path: string,
  bytes: Buffer,
  ownership: Ownership,
  options: { readonly temporary: string; readonly beforeRename: () => Promise<void> },
): Promise<void> {
  await unlinkIfThere(options.temporary);
  try {
    const file = await open(options.temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    await writeAndSync(file, bytes, ownership);
    await options.beforeRename();
    await rename(options.temporary, path);
  } catch (error) {
    await unlinkIfThere(options.temporary);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Creates a file whole and only if there is none: a second writer gets false and the first one's bytes stay. Mode 0600. */
export async function createFileOnce(path: string, bytes: Buffer): Promise<boolean> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await writeAndSync(file, bytes, undefined);
    // Unlike a file opened with O_EXCL under its own name, a link is never seen half written.
    await link(temporary, path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await unlinkIfThere(temporary);
  }
  await syncDirectory(dirname(path));
  return true;
}

async function writeAndSync(file: FileHandle, bytes: Buffer, ownership: Ownership | undefined): Promise<void> {
  try {
    await file.writeFile(bytes);
    if (ownership) {
      const now = await file.stat();
      if (now.uid !== ownership.uid || now.gid !== ownership.gid) await file.chown(ownership.uid, ownership.gid);
      await file.chmod(ownership.mode & 0o7777);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
}

export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
