import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCheckpoint } from '#shared/ledger/checkpoint.js';
import { createKeyPair, readSigningKey } from '#shared/signing/signing-keys.js';
import { PlannerRig } from '../../../test/harness/planner-rig.js';

const directory = mkdtempSync(join(tmpdir(), 'rehome-checkpoints-'));
const file = join(directory, 'checkpoint.json');
const key = readSigningKey({ text: createKeyPair().privateKey });
let rig: PlannerRig;

beforeAll(async () => {
  // No Kafka: the checkpoint alone knows.
  rig = await PlannerRig.start({ config: { checkpoint: { file, key, intervalMs: 100 } } });
  await rig.seedRegistry();
}, 60_000);

afterAll(async () => {
  await rig?.close();
  rmSync(directory, { recursive: true });
});

async function written(): Promise<string | undefined> {
  return (await readCheckpoint(file, createPublicKey(key)))?.position;
}

async function put(plan: string): Promise<number> {
  return (await rig.call('PUT', `/v1/entitlements/${plan}`, { body: { cpu: 1 } })).status;
}

/** As a restore of a backup leaves the ledger that was made before its newest event. */
async function loseNewestEvent(): Promise<void> {
  await rig.ledger.query(`do $$ begin
    set local session_replication_role = replica;
    delete from ledger.event where position = (select max(position) from ledger.event);
    update ledger.head as h set position = e.position, hash = e.hash, recorded_at = e.recorded_at
      from ledger.event as e where e.position = (select max(position) from ledger.event);
  end $$`);
}

describe('a planner with a checkpoint file', () => {
  it('writes where the ledger stands, again and again and when it stops', async () => {
    const { reader } = rig.ledger.planner;
    expect(await put('silver')).toBe(200);
    await rig.until(async () => (await written()) === String((await reader.head()).position));
    expect(await put('gold')).toBe(200);
    await rig.stop();
    expect(await written()).toBe(String((await reader.head()).position));
    await rig.restart();
    expect(await put('bronze')).toBe(200);
  });

  it('finds out by it alone that the ledger lost its newest event, and takes no appends', async () => {
    await rig.stop();
    const before = await written();
    await loseNewestEvent();
    await rig.restart();
    await rig.until(async () => (await rig.ledger.planner.reader.head()).heldBecause !== undefined);
    const { heldBecause, position } = await rig.ledger.planner.reader.head();
    expect(heldBecause).toContain(`has been at ${String(before)}, as checkpoint ${file} says`);
    expect(await put('copper')).toBe(503);
    expect((await rig.call('GET', '/health/ready')).status).toBe(503);
    await rig.stop();
    expect(await written()).toBe(before);
    expect(BigInt(before ?? '0')).toBeGreaterThan(position);
  });

  it('goes on when the tail was given up and the checkpoint with it', async () => {
    rmSync(file);
    await rig.ledger.query('select ledger.resume()');
    await rig.restart();
    await rig.until(async () => (await rig.call('GET', '/health/ready')).status === 200);
    expect(await put('copper')).toBe(200);
  });

  it('decides nothing beside a checkpoint that its key did not sign', async () => {
    await rig.stop();
    writeFileSync(file, '{"position":"1"}');
    await rig.restart();
    await rig.until(async () => (await rig.call('GET', '/health/ready')).status === 503);
    await rig.stop();
    await expect(written()).rejects.toMatchObject({ code: 'LEDGER_BROKEN' });
  });
});
