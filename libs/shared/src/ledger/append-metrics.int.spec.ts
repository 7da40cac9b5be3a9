import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestLedger, newMigrationId, onMigration, type TestLedger } from '../../../../test/harness/ledger.js';
import { Metrics } from '../observability/metrics.js';
import { measureAppends } from './append-metrics.js';
import { LedgerWriter } from './ledger-writer.js';

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await createTestLedger();
});
afterAll(() => ledger.close());

test('flushes are measured: their time, their items and how each was answered', async () => {
  const metrics = new Metrics();
  const writer = new LedgerWriter(ledger.planner.pools.appends, { observe: measureAppends(metrics) });
  const item = onMigration(newMigrationId(), 0);
  await Promise.all([writer.append(item), writer.append(onMigration(newMigrationId(), 0))]);
  await writer.append(item);
  await writer.append(onMigration(newMigrationId(), 7));
  await writer.close();

  const text = await metrics.text();
  expect(text).toContain('rehome_ledger_append_seconds_count 3');
  expect(text).toContain('rehome_ledger_append_items_sum 4');
  for (const [outcome, times] of Object.entries({ appended: 2, repeated: 1, conflict: 1 }))
    expect(text).toContain(`rehome_ledger_append_answers_total{outcome="${outcome}"} ${String(times)}`);
});
