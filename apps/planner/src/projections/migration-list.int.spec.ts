import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toPosition } from '#shared/contracts/ids.js';
import { Metrics } from '#shared/observability/metrics.js';
import { PlannerRig } from '../../../../test/harness/planner-rig.js';
import { MigrationListProjection } from './migration-list.projection.js';

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start();
  await rig.seedRegistry();
});
afterAll(() => rig?.close());

async function refusedMigration(): Promise<string> {
  const { json } = await rig.upgrade(await rig.seedTenant());
  await rig.succeed(json.migrationId, 'inspect', { checks: [] });
  await rig.event(json.migrationId, 'PlanRefused');
  return json.migrationId;
}

const rows = () =>
  rig.ledger.query<{ migration_id: string; status: string; position: string }>(
    'select migration_id, status, position from planner.migration order by 1',
  );

/** Every migration is listed with the status its own stream ends in. */
async function complete(ids: readonly string[]): Promise<void> {
  await rig.until(async () => {
    const list = await rows();
    return ids.every((id) => list.some((row) => row.migration_id === id && row.status === 'refused'));
  });
}

describe('the list of migrations', () => {
  it('is the same after its table was emptied and the ledger read anew', async () => {
    const ids = [await refusedMigration(), await refusedMigration()];
    await complete(ids);
    const before = await rows();
    await rig.stop();
    await rig.ledger.query(
      `delete from planner.migration; update ledger.cursor set position = 0 where name = 'projection-migrations'`,
    );
    await rig.restart();
    await complete(ids);
    expect(await rows()).toEqual(before);
  });

  it('does not change when a page comes again, and counts no end twice', async () => {
    const id = await refusedMigration();
    await complete([id]);
    const before = await rows();
    const metrics = new Metrics();
    const { reader, pools } = rig.ledger.planner;
    const projection = new MigrationListProjection(reader, pools.reads, metrics);
    await projection.apply(await reader.read({ after: toPosition(0), limit: 1_000 }));
    expect(await rows()).toEqual(before);
    expect(await metrics.text()).not.toMatch(/rehome_migrations_total\{/);
  });
});
