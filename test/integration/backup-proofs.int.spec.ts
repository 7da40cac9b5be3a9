import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BackupWorld } from '../harness/backup-world.js';

const directory = mkdtempSync(join(tmpdir(), 'rehome-proof-'));
/** A proof stands still between its restore and its comparison until this stands; see `FaultPoints`. */
const gate = join(directory, 'gate');
let world: BackupWorld | undefined;

function given(): BackupWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

beforeAll(async () => {
  world = await BackupWorld.start({ REHOME_FAULT_POINTS: `step.verify-backup.restored=wait:${gate}` });
}, 120_000);

afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await world?.stop();
}, 60_000);

function closeGate(): void {
  for (const file of [gate, `${gate}.reached`]) rmSync(file, { force: true });
}

/** Proves the backup; between restore and comparison, `change` runs in the scratch database. */
async function proofWith(backupId: string, change: string): Promise<{ status: string; trouble: string }> {
  const before = await given().databases();
  closeGate();
  const proof = given().run({}, `/v1/backups/${backupId}/verify`);
  await given().planner.until(() => Promise.resolve(existsSync(`${gate}.reached`)), 60_000);
  const [scratch, ...more] = (await given().databases()).filter((name) => !before.includes(name));
  expect(more).toEqual([]);
  await given().rows(scratch ?? 'no scratch database', change);
  writeFileSync(gate, '');
  return proof;
}

/** Whether the executor finds the cancel at its next look at its lease. */
async function isToldToEnd(migrationId: string): Promise<boolean> {
  const asked = 'select from executor.step_run where migration_id = $1 and cancel_requested';
  return (await given().planner.ledger.query(asked, [migrationId])).length > 0;
}

describe('a proof by restore', () => {
  it('catches one changed value in one row, names its table and leaves nothing behind', async () => {
    const { database } = given().source;
    await given().rows(database, 'create table public.ledgers (id int primary key, amount numeric)');
    await given().rows(database, 'insert into public.ledgers select n, n from generate_series(1, 500) as n');
    const { backupId } = await given().backUp({ verify: false });
    const before = await given().databases();

    const proof = await proofWith(backupId, 'update public.ledgers set amount = amount + 0.01 where id = 77');

    expect(proof.status).toBe('rolled-back');
    expect(proof.trouble).toMatch(/VERIFICATION_FAILED .*ledgers/);
    expect(await given().backup(backupId)).toMatchObject({
      status: 'damaged',
      damage: expect.stringContaining('ledgers'),
    });
    expect(await given().databases()).toEqual(before);
  }, 120_000);

  it('takes the word back that an earlier one gave', async () => {
    const { backupId } = await given().backUp({ verify: false });
    expect((await proofWith(backupId, 'select 1 as nothing')).status).toBe('completed');
    expect((await given().backup(backupId)).status).toBe('verified');
    expect((await proofWith(backupId, 'create table public.more (id int)')).status).toBe('rolled-back');
    expect((await given().backup(backupId)).status).toBe('damaged');
  }, 120_000);

  it('that is cancelled says nothing against the backup, which stays recorded', async () => {
    closeGate();
    const label = 'cancelled on its way';
    const { json } = await given().planner.call('POST', '/v1/migrations', {
      body: { kind: 'backup', database: given().source, label },
    });
    await given().planner.until(() => Promise.resolve(existsSync(`${gate}.reached`)), 60_000);
    const migration = `/v1/migrations/${json.migrationId}`;
    await given().planner.call('POST', `${migration}/cancel`, { body: {} });
    // A proof that went on before it can hear of it would have been made.
    await given().planner.until(() => isToldToEnd(json.migrationId), 60_000);
    writeFileSync(gate, '');
    await given().planner.until(async () => (await given().planner.call('GET', migration)).json.status === 'cancelled');
    const kept = await given().planner.call('GET', `/v1/backups?label=${encodeURIComponent(label)}`);
    expect(kept.json).toMatchObject({ items: [{ status: 'recorded', database: given().source.database }] });
  }, 120_000);

  it('agrees when nothing was changed meanwhile', async () => {
    const { backupId } = await given().backUp({ verify: false });
    const proof = await proofWith(backupId, 'select 1 as nothing');
    expect(proof).toMatchObject({ status: 'completed' });
    expect((await given().backup(backupId)).status).toBe('verified');
  }, 120_000);
});
