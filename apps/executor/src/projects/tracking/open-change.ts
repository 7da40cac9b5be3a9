import type { Session } from '../../postgres/session.js';
import type { Deviation } from '../deviations.js';
import { packed, unpacked } from './packed-json.js';
import type { SnapshotAuthor } from './structure-snapshot.js';

/** What a change that has begun and not ended had found; undefined when there is none. */
export async function readOpenChange(session: Session): Promise<Deviation[] | undefined> {
  const { rows: tables } = await session.query<{ there: boolean }>(
    `select to_regclass('rehome.open_change') is not null as there`,
  );
  if (tables[0]?.there !== true) return undefined;
  const { rows } = await session.query<{ deviations: Buffer }>(`select deviations from rehome.open_change`);
  return rows[0] === undefined ? undefined : ((await unpacked(rows[0].deviations)) as Deviation[]);
}

/** Takes one over that was never ended: what had been found before it is what counts. */
export async function writeOpenChange(
  session: Session,
  deviations: readonly Deviation[],
  { migrationId, stepId }: SnapshotAuthor['run'],
): Promise<void> {
  await session.query(
    `insert into rehome.open_change (deviations, migration_id, step_id)
     values ($1, $2, $3)
     on conflict (only_row) do update set migration_id = excluded.migration_id, step_id = excluded.step_id`,
    [await packed(deviations), migrationId, stepId],
  );
}

/** @returns what it had found; undefined when it is not this step's, or has ended. */
export async function takeOpenChange(
  session: Session,
  { migrationId, stepId }: SnapshotAuthor['run'],
): Promise<Deviation[] | undefined> {
  const { rows } = await session.query<{ deviations: Buffer }>(
    `delete from rehome.open_change where migration_id = $1 and step_id = $2 returning deviations`,
    [migrationId, stepId],
  );
  return rows[0] === undefined ? undefined : ((await unpacked(rows[0].deviations)) as Deviation[]);
}
