import type { ProjectHistoryEntry } from '#shared/contracts/project-answers.js';
import type { BackupEntry, BackupQuery } from '../../backups/backup-list.js';
import type { UsualKeep } from '../../backups/clean-up.js';
import type { MigrationState } from '../../migration/migration-state.js';
import type { MigrationSummary } from '../migration.views.js';
import type { InstanceState } from '../../registry/instance-state.js';
import type { RegisteredProject } from '../../projects/project-store.js';
import type { RegistryEntries } from '../../registry/registry-entries.js';

/** What intake says of a request before anything is planned. */
export interface Prepared {
  /** Held from now on, unless it only reads: `instance:<id>`, `database:<server>/<database>`, `project:<name>`. */
  readonly subject: string;
  /** It changes nothing: any number of its kind, and of others about the same subject, may run at once. */
  readonly reads?: true;
  readonly title: string;
  readonly instanceId?: string;
  readonly status: 'migrating' | 'requested';
  /** One sentence for people. */
  readonly message: string;
  /** Everything the recipe compiles from beside the request, as it stands now and not later: plain JSON. */
  readonly registry: object;
}

/** What a request may ask the rest of the planner. */
export interface Lookups {
  /** The registry as it stood when the request came. */
  readonly entries: RegistryEntries;
  instance(instanceId: string): Promise<InstanceState | undefined>;
  /** The tenants that the record says live in this database. */
  instancesIn(server: string, database: string): Promise<readonly InstanceState[]>;
  /** Another migration as its events tell it; status `unknown` when there is none. */
  migration(migrationId: string): Promise<MigrationState>;
  /** A backup of the catalogue, whatever its state. */
  backup(backupId: string): Promise<BackupEntry | undefined>;
  /** Every backup of these databases, newest first. */
  allBackups(of: Pick<BackupQuery, 'server' | 'database'>): Promise<readonly BackupEntry[]>;
  /** How many a clean-up leaves that does not say. */
  readonly backupKeep: UsualKeep;
  /** Backups that fit, newest first. */
  backups(query: BackupQuery): Promise<readonly BackupEntry[]>;
  /** A project as it was pushed last. */
  project(name: string): Promise<RegisteredProject | undefined>;
  /** What became of each migration of a project, newest first. */
  projectHistory(name: string): Promise<readonly ProjectHistoryEntry[]>;
  /** Migrations of a kind about a subject, newest first. */
  migrationsOf(kind: string, subject: string): Promise<readonly MigrationSummary[]>;
}

/**
 * Looks up everything that a request of one kind names.
 * @throws RequestRefused naming all that is missing or speaks against it.
 */
export type Prepare<R> = (request: R, lookups: Lookups) => Prepared | Promise<Prepared>;
