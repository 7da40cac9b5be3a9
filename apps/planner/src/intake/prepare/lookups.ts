import type { BackupList } from '../../backups/backup-list.js';
import type { UsualKeep } from '../../backups/clean-up.js';
import { toMigrationId } from '#shared/contracts/ids.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { foldMigration } from '../../migration/evolve.js';
import { readProjectHistory } from '../../projects/project-history.js';
import type { ProjectStore } from '../../projects/project-store.js';
import type { MigrationList } from '../../projections/migration-list.js';
import type { Registry } from '../../registry/registry.js';
import type { Lookups } from './prepared.js';

/** What a request may look up: the registry as it stands now, and other migrations. */
export async function lookupsFrom(parts: {
  readonly reader: LedgerReader;
  readonly registry: Registry;
  readonly list: MigrationList;
  readonly backups: BackupList;
  readonly projects: ProjectStore;
  readonly backupKeep: UsualKeep;
}): Promise<Lookups> {
  const { reader, registry, list, backups, projects, backupKeep } = parts;
  return {
    entries: await registry.current(),
    instance: (instanceId) => registry.instance(instanceId),
    instancesIn: (server, database) => registry.instancesIn(server, database),
    migration: async (migrationId) => foldMigration(await reader.readMigration(toMigrationId(migrationId))),
    backup: (backupId) => backups.find(backupId),
    backupKeep,
    allBackups: (of) => backups.all(of),
    backups: async (query) => (await backups.page(query)).items,
    project: (name) => projects.find(name),
    projectHistory: async (name) => (await readProjectHistory({ reader, list }, { project: name })).items,
    migrationsOf: async (kind, subject) => (await list.page({ kind, subject, limit: 500 })).items,
  };
}
