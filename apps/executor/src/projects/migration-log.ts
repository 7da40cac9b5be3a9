import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationName, MigrationStatus } from '#shared/contracts/projects.js';
import type { Logger } from '#shared/observability/logger.js';

export interface LoggedMigration extends MigrationName {
  readonly project: string;
  readonly server: string;
  readonly database: string;
  readonly schema: string;
  readonly status: MigrationStatus;
  readonly executionTimeMs: number;
  readonly by: string;
  /** Why it failed. */
  readonly detail?: string;
}

/** One text file per day (UTC) with a line per migration, for people and for tools that follow files. */
export class MigrationLog {
  constructor(
    /** Nothing is written without one. */
    private readonly root: string | undefined,
    private readonly logger: Logger,
  ) {}

  /** Never fails what it tells about: that is committed by now, and stands in the database. */
  async write(migration: LoggedMigration): Promise<void> {
    if (this.root === undefined) return;
    const now = new Date().toISOString();
    const path = join(this.root, `migration-${now.slice(0, 10)}.log`);
    try {
      await mkdir(this.root, { recursive: true });
      await appendFile(path, `${now} ${lineOf(migration)}\n`, { mode: 0o640 });
    } catch (error) {
      this.logger.warn({ err: error, path }, 'the migration log could not be written');
    }
  }
}

function lineOf(migration: LoggedMigration): string {
  const { project, server, database, schema, app, version, name, status, executionTimeMs, by, detail } = migration;
  const at = `${server}/${database} schema ${schema}`;
  const line = `${status} ${project} ${app}/${version}_${name} at ${at} in ${String(Math.round(executionTimeMs))} ms by ${by}`;
  return detail === undefined ? line : `${line}: ${detail.replaceAll(/\s+/g, ' ')}`;
}
