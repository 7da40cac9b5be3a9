import type { Pool } from 'pg';
import type {
  DatabaseHealth,
  HealthState,
  ProjectDatabase,
  ProjectHealth,
  ProjectStatus,
} from '#shared/contracts/projects.js';
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

/** Of when a look tells something of now. */
export interface Freshness {
  readonly now: Date;
  /** 0: at any age. */
  readonly staleMs: number;
}

/**
 * Every database of the project, also those that nobody has looked at since it was pushed, or for long: unknown is not
 * healthy.
 */
export function healthOf(
  { name, digest, definition }: Project,
  looks: ReadonlyMap<string, Look>,
  freshness: Freshness,
): ProjectHealth {
  const databases = definition.databases.map((database) =>
    seen(database, looks.get(database.alias), { ...freshness, digest }),
  );
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
    migrationNeeded: databases.some(({ state, pendingCount }) => pendingCount > 0 || !KNOWN.has(state)),
    checkedAt,
    databases: databases.map((database) => {
      const { alias, server, database: name, state, detail, applied, pending, pendingCount, failed } = database;
      const { currentVersion = null } = database;
      return { alias, server, database: name, state, detail, currentVersion, applied, pending, pendingCount, failed };
    }),
  };
}

/** States in which the count of what is pending is that of a database that could be read. */
const KNOWN: ReadonlySet<HealthState> = new Set(['healthy', 'behind', 'unhealthy', 'drifted']);

function seen(
  { alias, server, database }: ProjectDatabase,
  look: Look | undefined,
  { digest, now, staleMs }: Freshness & { readonly digest: string },
): DatabaseHealth {
  if (look === undefined) return { ...NOTHING, alias, server, database, detail: 'nobody has looked at it yet' };
  const unknown = (why: string): DatabaseHealth => ({
    ...look.health,
    ...{ alias, server, database, state: 'unknown', detail: `${why}, which said: ${look.health.detail}` },
  });
  if (look.digest !== digest) return unknown('the project was pushed after the last look');
  if (staleMs > 0 && now.getTime() - look.checkedAt.getTime() > staleMs)
    return unknown(`the last look was at ${look.checkedAt.toISOString()}`);
  return { ...look.health, alias, server, database };
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
