import { rm } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Logger } from '#shared/observability/logger.js';
import type { StepTools } from '../running/step-tools.js';

/** Where the files of a backup lie: `<work root>/backups/<backup id>`, 0700. */
export function backupDirectory(workRoot: string, backupId: string): string {
  return join(workRoot, 'backups', backupId);
}

/** Removes the files of backups whose time is over. Files first: a row without files is found again, files without a row are not. */
export async function removeExpiredBackups(
  { backups, workRoot, site }: Pick<StepTools, 'backups' | 'workRoot' | 'site'>,
  logger: Logger,
): Promise<void> {
  for (const { backupId, path } of await backups.expired(site)) {
    if (!isBelow(path, workRoot)) continue;
    await rm(path, { recursive: true, force: true });
    await backups.markDeleted(backupId);
    logger.info({ backupId }, 'expired backup removed');
  }
}

/** A row is no reason to remove anything outside the work root. */
export function isBelow(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== '' && !way.startsWith(`..${sep}`) && way !== '..' && !way.startsWith(sep);
}
