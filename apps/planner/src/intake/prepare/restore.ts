import type { RestoreRequest } from '#shared/contracts/requests/restore.request.js';
import { invalidRequest, RequestRefused } from '../../http/request-refused.js';
import { othersFit, type RestoreRegistry } from '../../planning/backup-registry.js';
import { backupOf, serverOf } from './backups.js';
import type { Lookups, Prepared } from './prepared.js';

/** @throws RequestRefused REQUEST_INVALID, BACKUP_UNKNOWN, SERVER_UNKNOWN */
export async function prepareRestore(request: RestoreRequest, lookups: Lookups): Promise<Prepared> {
  const { target, file } = request;
  const server = serverOf(target.server, '/target/server', lookups);
  requireOne(request);
  const {
    site,
    what,
    of,
    others = [],
  }: Which = file === undefined
    ? await whichBackup(request, lookups)
    : { site: server.site ?? null, what: `file ${file}` };
  const registry: RestoreRegistry = {
    target: server,
    ...(site === null ? {} : { site }),
    ...(of === undefined ? {} : { of }),
    ...(others.length === 0 ? {} : { others }),
  };
  const title = `restore of ${what} as ${target.database} on ${target.server}`;
  return {
    subject: `database:${target.server}/${target.database}`,
    title,
    status: 'requested',
    message: [
      title,
      `it gets its name once ${file === undefined ? 'it is what was backed up' : 'all of it is restored'}`,
      ...(others.length === 0 ? [] : [othersFit(others)]),
    ].join('; '),
    registry,
  };
}

interface Which {
  /** Of the executors that hold its files. */
  readonly site: string | null;
  /** The database that the newest is looked for of. */
  readonly of?: { readonly server: string; readonly database: string };
  readonly what: string;
  /** Other databases that have backups which fit. */
  readonly others?: readonly string[];
}

function requireOne({ backupId, latest, file }: RestoreRequest): void {
  if ([backupId, latest, file].filter((given) => given !== undefined).length === 1) return;
  throw invalidRequest([{ pointer: '/backupId', message: 'or latest or file: exactly one of them must be given' }]);
}

async function whichBackup({ backupId, latest }: RestoreRequest, lookups: Lookups): Promise<Which> {
  if (backupId === undefined) return whichLatest(latest ?? {}, lookups);
  const { site, database } = await backupOf(backupId, lookups);
  return { site, what: `backup ${backupId} of ${database}` };
}

/** The newest of all that fit; of which database it is, and that others fit too, is said wherever it is named. */
async function whichLatest(latest: NonNullable<RestoreRequest['latest']>, lookups: Lookups): Promise<Which> {
  const fitting = (await lookups.backups({ ...latest, limit: 500 })).filter(
    ({ status, tier }) => status !== 'damaged' && tier !== null,
  );
  const [newest] = fitting;
  const asked = Object.values(latest).join(' ') || 'any kind';
  if (newest === undefined)
    throw new RequestRefused('BACKUP_UNKNOWN', `the catalogue holds no sound backup of ${asked}; make one`);
  const { site, server, database } = newest;
  const [, ...others] = new Set(fitting.map((one) => `${one.server}/${one.database}`));
  return { site, of: { server, database }, what: `the latest backup (${asked}) of ${server}/${database}`, others };
}
