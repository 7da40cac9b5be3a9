import type { Pool } from 'pg';
import type { DatabaseHealth, ProjectDatabase, ProjectHealth, ProjectStatus } from '#shared/contracts/projects.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';
import type { RegisteredProject } from './project-store.js';

/** What executors saw of a database, and of which files the project consisted then. */
export interface Look {
  readonly health: DatabaseHealth;
  readonly digest: string;
  readonly checkedAt: Date;
}

/** The last look at each database, by alias. */
export async function readLooks(pool: Pool, project: string): Promise<Map<string, Look>> {
  try {
    const { rows } = await pool.query<{ alias: string } & Look>(
      `
      select alias, health, digest, checked_at as "checkedAt"
      from executor.project_health
      where project = $1
      `,
      [project],
    );
    return new Map(rows.map((row) => [row.alias, row]));
  } catch (error) {
    throw ledgerFailure(error);
  }
}

type Project = Pick<RegisteredProject, 'name' | 'digest' | 'definition'>;

/** Every database of the project, also those that nobody has looked at since it was pushed: unknown is not healthy. */
export function healthOf({ name, digest, definition }: Project, looks: ReadonlyMap<string, Look>): ProjectHealth {
  const databases = definition.databases.map((database) => seen(database, digest, looks.get(database.alias)));
  return {
    project: name,
    digest,
    healthy: databases.every(({ state }) => state === 'healthy'),
    checkedAt: oldest(definition.databases.map(({ alias }) => looks.get(alias)?.checkedAt)),
    databases,
  };
}

/** The part of it that is about migrations. */
export function statusOf(health: ProjectHealth): ProjectStatus {
  const { project, digest, checkedAt, databases } = health;
  return {
    project,
    digest,
    migrationNeeded: databases.some(({ pendingCount }) => pendingCount > 0),
    checkedAt,
    databases: databases.map((database) => {
      const { alias, server, database: name, state, detail, applied, pending, pendingCount, failed } = database;
      const { currentVersion = null } = database;
      return { alias, server, database: name, state, detail, currentVersion, applied, pending, pendingCount, failed };
    }),
  };
}

function seen({ alias, server, database }: ProjectDatabase, digest: string, look: Look | undefined): DatabaseHealth {
  if (look === undefined) return { ...NOTHING, alias, server, database, detail: 'nobody has looked at it yet' };
  if (look.digest === digest) return look.health;
  return {
    ...look.health,
    state: 'unknown',
    detail: `the project was pushed after the last look, which said: ${look.health.detail}`,
  };
}

const NOTHING = {
  state: 'unknown',
  applied: 0,
  pending: [],
  pendingCount: 0,
  failed: [],
  drift: [],
  tables: 0,
  missingTables: [],
  missingCriticalTables: [],
  durationMs: 0,
} as const;

function oldest(times: readonly (Date | undefined)[]): string | null {
  let first: Date | undefined;
  for (const time of times) {
    if (time === undefined) return null;
    if (first === undefined || time < first) first = time;
  }
  return first?.toISOString() ?? null;
}
