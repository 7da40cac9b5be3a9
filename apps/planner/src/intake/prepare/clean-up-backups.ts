import type { CleanUpBackupsRequest } from '#shared/contracts/requests/backup.request.js';
import { expendable } from '../../backups/clean-up.js';
import type { CleanUpRegistry } from '../../planning/backup-registry.js';
import { catalogued } from './backups.js';
import type { Lookups, Prepared } from './prepared.js';

/** What goes is decided when it is asked for; a dry run names it. */
export async function prepareCleanUp(
  { tier, server, database, keep = {} }: CleanUpBackupsRequest,
  lookups: Lookups,
): Promise<Prepared> {
  const of = { ...(server === undefined ? {} : { server }), ...(database === undefined ? {} : { database }) };
  const narrowed = { keep, usual: lookups.backupKeep, ...(tier === undefined ? {} : { tier }) };
  const gone = expendable(await lookups.allBackups(of), narrowed);
  // Files are removed where they lie: one site at a time.
  const site = gone[0]?.site ?? null;
  const remove = gone.filter((backup) => backup.site === site).map(catalogued);
  const registry: CleanUpRegistry = { remove };
  const left = gone.length - remove.length;
  const elsewhere = left === 0 ? '' : `; ${String(left)} more at other sites, ask again for them`;
  return {
    subject: 'backups:clean-up',
    title: `clean-up of backups${database === undefined ? '' : ` of ${database}`}`,
    status: 'requested',
    message: `${String(remove.length)} backups are removed${elsewhere}`,
    registry,
  };
}
