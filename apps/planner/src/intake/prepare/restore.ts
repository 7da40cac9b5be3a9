import type { RestoreRequest } from '#shared/contracts/requests/restore.request.js';
import { invalidRequest, RequestRefused } from '../../http/request-refused.js';
import type { RestoreRegistry } from '../../planning/backup-registry.js';
import { backupOf, serverOf } from './backups.js';
import type { Lookups, Prepared } from './prepared.js';

/** @throws RequestRefused REQUEST_INVALID, BACKUP_UNKNOWN, BACKUP_UNPROVABLE, SERVER_UNKNOWN */
export async function prepareRestore(request: RestoreRequest, lookups: Lookups): Promise<Prepared> {
  const { target, file } = request;
  const server = serverOf(target.server, '/target/server', lookups);
  requireOne(request);
  if (file !== undefined) requireOfFile(request);
  const { site, of, what }: Which =
    file === undefined ? await whichBackup(request, lookups) : { site: server.site ?? null, what: `file ${file}` };
  const registry: RestoreRegistry = { target: server, ...(site === null ? {} : { site }), ...(of ? { of } : {}) };
  const title = `restore of ${what} as ${target.database} on ${target.server}`;
  return {
    subject: `database:${target.server}/${target.database}`,
    title,
    status: 'requested',
    message:
      file === undefined
        ? `${title}; it gets its name once it is what was backed up`
        : `${title}; it gets its name once all of it is restored`,
    registry,
  };
}

interface Which {
  /** Of the executors that hold its files. */
  readonly site: string | null;
  /** The database that the newest is looked for of. */
  readonly of?: { readonly server: string; readonly database: string };
  readonly what: string;
}

function requireOne({ backupId, latest, file }: RestoreRequest): void {
  if ([backupId, latest, file].filter((given) => given !== undefined).length === 1) return;
  throw invalidRequest([{ pointer: '/backupId', message: 'or latest or file: exactly one of them must be given' }]);
}

/** A file of somebody else tells neither an owner nor what lies in which schema. */
function requireOfFile({ target, schemas }: RestoreRequest): void {
  const problems = [
    ...(target.owner === undefined ? [{ pointer: '/target/owner', message: 'must be given with a file' }] : []),
    ...(schemas === undefined ? [] : [{ pointer: '/schemas', message: 'cannot be given with a file' }]),
  ];
  if (problems.length > 0) throw invalidRequest(problems);
}

async function whichBackup({ backupId, latest }: RestoreRequest, lookups: Lookups): Promise<Which> {
  if (backupId === undefined) return whichLatest(latest ?? {}, lookups);
  const { site, tier, database } = await backupOf(backupId, lookups);
  if (tier === null)
    throw new RequestRefused(
      'BACKUP_UNPROVABLE',
      `backup ${backupId} was made by a move; request "return" to go back to it, or restore it by pg_restore`,
    );
  return { site, what: `backup ${backupId} of ${database}` };
}

/** Two databases in one tier: which of them is meant is not for us to guess. */
async function whichLatest(latest: NonNullable<RestoreRequest['latest']>, lookups: Lookups): Promise<Which> {
  const fitting = (await lookups.backups({ ...latest, limit: 500 })).filter(
    ({ status, tier }) => status !== 'damaged' && tier !== null,
  );
  const [newest] = fitting;
  const asked = Object.values(latest).join(' ') || 'any kind';
  if (newest === undefined)
    throw new RequestRefused('BACKUP_UNKNOWN', `the catalogue holds no sound backup of ${asked}; make one`);
  const { site, server, database } = newest;
  const places = [...new Set(fitting.map((one) => `${one.server}/${one.database}`))];
  if (places.length > 1)
    throw invalidRequest([
      { pointer: '/latest', message: `fits backups of ${places.slice(0, 5).join(', ')}; name server and database` },
    ]);
  return { site, of: { server, database }, what: `the latest backup (${asked}) of ${database}` };
}
