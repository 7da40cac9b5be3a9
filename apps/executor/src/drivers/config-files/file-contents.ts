import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { replaceFile } from './atomic-file.js';
import type { BackupKey } from './config-backups.js';

const MAX_BYTES = 1024 * 1024;

export interface Contents {
  readonly path: string;
  readonly bytes: Buffer;
  readonly stats: Stats;
}

export async function readContents(path: string): Promise<Contents> {
  // O_NOFOLLOW: the path is real already, a link that appears now is somebody's trick. O_NONBLOCK: a pipe must not hang.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new RehomeError('CONFIG_FILE_UNREADABLE', `${path} is not a regular file`);
    if (stats.size > MAX_BYTES)
      throw new RehomeError('CONFIG_FILE_UNREADABLE', `${path} is larger than 1 MiB: not a configuration file`);
    return { path, stats, bytes: await handle.readFile() };
  } finally {
    await handle.close();
  }
}

/**
 * Puts other bytes in the place of those that were read.
 * @throws RehomeError CONFIG_FILE_CHANGED when others stand there by now.
 */
export async function swapContents(before: Contents, bytes: Buffer, key: BackupKey): Promise<void> {
  const { path, stats } = before;
  const beforeRename = async (): Promise<void> => {
    const now = await readContents(path);
    if (!now.bytes.equals(before.bytes)) throw changed(path, 'at this moment');
  };
  try {
    await replaceFile(path, bytes, stats, { temporary: temporaryBeside(path, key), beforeRename });
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** One name per step, so that what a killed attempt left behind is found and removed by the next. */
export function temporaryBeside(path: string, { migrationId, stepId }: BackupKey): string {
  return join(dirname(path), `.${basename(path)}.rehome-${migrationId.slice(0, 8)}-${stepId}`);
}

export function changed(path: string, when: string): RehomeError {
  return new RehomeError('CONFIG_FILE_CHANGED', `somebody else changed ${path} ${when} (its bytes were left alone)`, {
    facts: { path },
  });
}

export function unreadable(path: string, error: unknown): RehomeError {
  if (error instanceof RehomeError) return error;
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
  return new RehomeError(
    'CONFIG_FILE_UNREADABLE',
    `${path} cannot be read or replaced (${code}); the executor needs to read it, write its directory and keep its owner`,
    { facts: { path, errno: code }, cause: error },
  );
}
