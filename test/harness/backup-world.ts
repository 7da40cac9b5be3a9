import { quoteIdentifier } from '#shared/database/identifier.js';
import type { BackupEntry } from '../../apps/planner/src/backups/backup-list.js';
import { createSampleSource, type SampleSource } from './moved-database.js';
import type { PlannerRig } from './planner-rig.js';
import { runPostgresUrl } from './run-addresses.js';
import { MAIN_SERVER, ServicesWorld, type EndedMigration } from './services-world.js';

/** Planner and executor in this process, a real server, and a database that holds one of every kind of object. */
export class BackupWorld {
  private constructor(
    private readonly services: ServicesWorld,
    readonly sample: SampleSource,
  ) {}

  static async start(extra: Readonly<Record<string, string>> = {}): Promise<BackupWorld> {
    return new BackupWorld(await ServicesWorld.start(extra), await createSampleSource(runPostgresUrl()));
  }

  get planner(): PlannerRig {
    return this.services.planner;
  }

  get directory(): string {
    return this.services.directory;
  }

  get source(): { server: string; database: string } {
    return { server: MAIN_SERVER, database: this.sample.address.database };
  }

  /** Asks, waits for the end and tells what came of it. */
  run(body: object, path?: string): Promise<EndedMigration> {
    return this.services.run(body, path);
  }

  /** A backup of the sample. @throws Error when it was not made. */
  async backUp(more: object = {}): Promise<BackupEntry> {
    const made = await this.run({ kind: 'backup', database: this.source, ...more });
    if (made.status !== 'completed') throw new Error(`${made.status}: ${made.trouble}`);
    return this.backup(String(made.result['backupId']));
  }

  async backup(backupId: string): Promise<BackupEntry> {
    return (await this.planner.call('GET', `/v1/backups/${backupId}`)).json as unknown as BackupEntry;
  }

  /** Rows of a query on a database of the server, as its superuser. */
  rows<Row extends object>(database: string, text: string): Promise<Row[]> {
    return this.services.rows<Row>(database, text);
  }

  /** Databases that are the sample, or were made from it. */
  async databases(): Promise<string[]> {
    const rows = await this.rows<{ name: string }>('postgres', 'select datname as name from pg_database order by 1');
    return rows.map(({ name }) => name).filter((name) => name.startsWith(this.source.database));
  }

  async stop(): Promise<void> {
    await this.services.stop();
    for (const name of await this.databases())
      await this.rows('postgres', `drop database ${quoteIdentifier(name)} with (force)`);
  }
}
