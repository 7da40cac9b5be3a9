import type { Pool } from 'pg';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';

/** Every registered project has a row; a new one is due at once. */
export async function enrolProjects(pool: Pool, projects: readonly string[]): Promise<void> {
  await ask(
    pool,
    `
    insert into executor.project_watch (project)
    select name
    from unnest($1::text[]) as name
    on conflict do nothing
    `,
    [projects],
  );
}

/** Takes one of the projects whose time has come and that nobody else looks at. */
export async function leaseDueProject(
  pool: Pool,
  { projects, owner, ttlMs }: { readonly projects: readonly string[]; readonly owner: string; readonly ttlMs: number },
): Promise<string | undefined> {
  const rows = await ask<{ project: string }>(
    pool,
    `
    update executor.project_watch
    set owner = $2, lease_until = clock_timestamp() + $3 * interval '1 ms'
    where project = (
      select project
      from executor.project_watch
      where project = any ($1)
        and due_at <= clock_timestamp()
        and coalesce(lease_until, '-infinity') < clock_timestamp()
      order by due_at
      limit 1
      for update skip locked
    )
    returning project
    `,
    [projects, owner, ttlMs],
  );
  return rows[0]?.project;
}

/** Gives it back; it is due again after the time. An owner whose lease ran out gives nothing back. */
export async function returnProject(
  pool: Pool,
  { project, owner, afterMs }: { readonly project: string; readonly owner: string; readonly afterMs: number },
): Promise<void> {
  await ask(
    pool,
    `
    update executor.project_watch
    set owner = null, lease_until = null, due_at = clock_timestamp() + $3 * interval '1 ms'
    where project = $1 and owner = $2
    `,
    [project, owner, afterMs],
  );
}

async function ask<R extends object>(pool: Pool, text: string, values: unknown[]): Promise<R[]> {
  try {
    return (await pool.query<R>(text, values)).rows;
  } catch (error) {
    throw ledgerFailure(error);
  }
}
