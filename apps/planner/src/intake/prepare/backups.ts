import type { ServerDefinition } from '#shared/contracts/registry.js';
import type {
  BackupRequest,
  PromoteBackupRequest,
  VerifyBackupRequest,
} from '#shared/contracts/requests/backup.request.js';
import type { BackupEntry } from '../../backups/backup-list.js';
import { RequestRefused } from '../../http/request-refused.js';
import type { BackupRegistry, CataloguedBackup, CataloguedRegistry } from '../../planning/backup-registry.js';
import type { Lookups, Prepared } from './prepared.js';

/** @throws RequestRefused SERVER_UNKNOWN */
export function prepareBackup({ database, tier, schemas }: BackupRequest, lookups: Lookups): Prepared {
  const registry: BackupRegistry = { source: serverOf(database.server, '/database/server', lookups) };
  const what = schemas === undefined ? database.database : `${schemas.join(', ')} of ${database.database}`;
  const title = `backup of ${what} on ${database.server}`;
  return {
    subject: `database:${database.server}/${database.database}`,
    title,
    status: 'requested',
    message: `${title}, kept as ${tier ?? 'manual'}; the database stays in use`,
    registry,
  };
}

/** @throws RequestRefused BACKUP_UNKNOWN, SERVER_UNKNOWN, BACKUP_UNPROVABLE */
export async function prepareVerifyBackup({ backupId }: VerifyBackupRequest, lookups: Lookups): Promise<Prepared> {
  const entry = await backupOf(backupId, lookups);
  if (entry.tier === null)
    throw refused('BACKUP_UNPROVABLE', `backup ${backupId} was made by a move, whose own comparison proves it`);
  const source = serverOf(entry.server, '/backupId', lookups);
  const registry: CataloguedRegistry = { backup: catalogued(entry), source };
  return {
    subject: `backup:${backupId}`,
    title: `proof of backup ${backupId} of ${entry.database}`,
    status: 'requested',
    message: `backup ${backupId} is restored into a scratch database on ${entry.server} and compared`,
    registry,
  };
}

/** @throws RequestRefused BACKUP_UNKNOWN, BACKUP_UNPROVABLE */
export async function preparePromoteBackup(
  { backupId, tier }: PromoteBackupRequest,
  lookups: Lookups,
): Promise<Prepared> {
  const entry = await backupOf(backupId, lookups);
  if (entry.tier === null)
    throw refused('BACKUP_UNPROVABLE', `backup ${backupId} was made by a move, which keeps it for a time`);
  const registry: CataloguedRegistry = { backup: catalogued(entry) };
  return {
    subject: `backup:${backupId}`,
    title: `backup ${backupId} of ${entry.database} to ${tier}`,
    status: 'requested',
    message: `backup ${backupId} is kept as ${tier} from now on, no longer as ${entry.tier}`,
    registry,
  };
}

/** @throws RequestRefused BACKUP_UNKNOWN */
export async function backupOf(backupId: string, lookups: Lookups): Promise<BackupEntry> {
  const entry = await lookups.backup(backupId);
  if (entry !== undefined) return entry;
  throw refused('BACKUP_UNKNOWN', `the catalogue holds no backup ${backupId}; GET /v1/backups lists them`);
}

/** @throws RequestRefused SERVER_UNKNOWN */
export function serverOf(name: string, pointer: string, { entries }: Lookups): ServerDefinition {
  const server = entries.server.get(name)?.definition;
  if (server !== undefined) return server;
  const message = `server "${name}" is not registered; PUT /v1/servers/{name} registers it`;
  throw new RequestRefused('SERVER_UNKNOWN', message, { errors: [{ pointer, message }] });
}

function refused(code: 'BACKUP_UNKNOWN' | 'BACKUP_UNPROVABLE', message: string): RequestRefused {
  return new RequestRefused(code, message, { errors: [{ pointer: '/backupId', message }] });
}

export function catalogued({ site, tier, ...entry }: BackupEntry): CataloguedBackup {
  const { backupId, server, database, label, bytes } = entry;
  return { backupId, server, database, label, bytes, tier: tier ?? '', ...(site === null ? {} : { site }) };
}
