import type { Before } from './move-outcome.js';
import type { MoveWorld } from './move-world.js';

/** A table that no restore can fill: its check holds in the database of this name only, while its dump is sound. */
export async function refuseRestore(world: MoveWorld, { tenant }: Before): Promise<void> {
  const { server, database } = tenant.options;
  await world.query(
    server.adminUrl,
    database,
    `create function only_at_home() returns boolean language sql as
       $$ select current_database() = '${database}'::name $$;
     create table homebody (id integer primary key check (only_at_home()));
     insert into homebody values (1)`,
  );
}
