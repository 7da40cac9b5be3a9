import { statfs } from 'node:fs/promises';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import { judge } from './check.js';

/** Indexes are no part of a dump, and its data is compressed: the size of the database is more than it needs. */
const HEADROOM = 1.1;

/** Whether a dump of a database of this size fits into the directory, with a tenth to spare. */
export async function checkDiskSpace(directory: string, databaseBytes: string): Promise<PreflightCheck> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const needed = Number(databaseBytes) * HEADROOM;
  const found = `${megabytes(free)} free in ${directory}, up to ${megabytes(needed)} needed`;
  const remedy = `free ${megabytes(needed - free)} there, or let REHOME_WORK_ROOT name another directory`;
  return judge('disk-headroom', 'error', found, free < needed ? { found, remedy } : undefined);
}

function megabytes(bytes: number): string {
  return `${String(Math.ceil(bytes / 1024 / 1024))} MB`;
}
