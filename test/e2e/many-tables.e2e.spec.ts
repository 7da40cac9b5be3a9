import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { MoveWorld } from '../harness/move-world.js';
import { USUAL_DOWNTIME_MS } from '../../apps/planner/src/migration/certificate.js';
import { hasEnded, type MigrationBody } from '../../scripts/quickstart/migration-body.js';

const TABLES = 2_000;

/** Or over, which is then for the expectations to say. */
function isUnderWay(body: MigrationBody): boolean {
  return hasEnded(body) || body.steps.some(({ progress }) => progress !== null && progress.done < progress.total);
}

let world: MoveWorld | undefined;

beforeAll(async () => {
  world = await MoveWorld.start();
}, 120_000);

afterAll(() => world?.stop(), 60_000);

describe('a database of 2,000 tables', () => {
  it('moves whole, showing its progress, with a downtime far below that of the usual way [c19 c20]', async () => {
    if (world === undefined) throw new Error('the world did not start');
    const tenant = await world.tenant();
    const { database, owner, server } = tenant.options;
    // In parts: one transaction may not lock so many.
    for (let from = 1; from <= TABLES; from += 250)
      await world.query(
        server.adminUrl,
        database,
        `set role ${quoteIdentifier(owner)};
         do $$
         begin
           for n in ${String(from)}..${String(from + 249)} loop
             execute format('create table many_%s (id int primary key, name text not null default %L)', n, n);
             execute format('insert into many_%s (id) select generate_series(1, 3)', n);
           end loop;
         end
         $$`,
      );
    const migrationId = await world.upgrade(tenant);
    const { steps } = await world.until(migrationId, isUnderWay);
    const working = steps.find(({ progress }) => progress !== null);
    expect(working?.progress).toMatchObject({ total: expect.any(Number), unit: expect.any(String) });
    const body = await world.ended(migrationId);
    const { verification, after } = body.result?.certificate ?? {};
    expect({ status: body.status, reasons: body.reasons }).toEqual({ status: 'completed', reasons: [] });
    expect(verification).toMatchObject({ tables: tenant.facts.tables + TABLES, mismatches: 0 });
    const url = await world.dedicatedUrl(after?.dbServerId ?? '');
    const found = await world.query(
      url,
      database,
      `select count(*)::int as tables from pg_class where relname ~ '^many_[0-9]+$' and relkind = 'r'`,
    );
    expect(found).toEqual([{ tables: TABLES }]);
    expect(body.downtimeMs).toBeLessThan(USUAL_DOWNTIME_MS.from / 2);
  }, 180_000);
});
