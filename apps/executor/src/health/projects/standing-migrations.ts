import type { Session } from '../../postgres/session.js';
import type { StandingMigration } from './judge-health.js';

/** How each version of a project stands in the session's database; none where nothing was ever migrated. */
export async function readStanding(session: Session, project: string): Promise<StandingMigration[]> {
  const { rows: known } = await session.query(`select where to_regclass('rehome.schema_migrations') is not null`);
  if (known.length === 0) return [];
  const { rows } = await session.query<StandingMigration>(
    `
    select
      schema, app, version, name, checksum, status,
      to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "appliedAt"
    from rehome.schema_migrations
    where project = $1
    order by applied_at, app, version
    `,
    [project],
  );
  return rows;
}
