import type { Session } from './session.js';

/** Clients of a database, sessions of Rehome excepted. */
export const APPLICATION_SESSIONS = `select coalesce(state, 'starting') as state, count(*)::int as sessions
   from pg_stat_activity
  where datname = $1
    and backend_type = 'client backend'
    and application_name not like 'rehome:%'
  group by 1`;

/** How many sessions the database has, by state: `{"idle": 3}`. Asked on any database of its server. */
export async function applicationSessions(session: Session, database: string): Promise<Record<string, number>> {
  const { rows } = await session.query<{ state: string; sessions: number }>(APPLICATION_SESSIONS, [database]);
  return Object.fromEntries(rows.map(({ state, sessions }) => [state, sessions]));
}

export function countSessions(states: Readonly<Record<string, number>>): number {
  return Object.values(states).reduce((total, sessions) => total + sessions, 0);
}
