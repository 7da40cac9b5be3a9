import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { anEvent, newMigrationId, onMigration } from '../../../../test/harness/ledger.js';
import { PlannerRig } from '../../../../test/harness/planner-rig.js';

interface Line {
  readonly ledgerId: string;
  readonly position: string;
  readonly stream: string;
  readonly streamVersion: number;
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly recordedAt: string;
  readonly data: unknown;
  readonly dataText: string;
  readonly metadataText: string;
  readonly prevHash: string;
  readonly hash: string;
}

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start();
  await rig.seedRegistry();
  const ids = Array.from({ length: 700 }, newMigrationId);
  // More than one page of the reading, with text that tempts every encoding.
  await Promise.all(
    ids.map((id) => rig.ledger.planner.writer.append(onMigration(id, 0, [anEvent(id, `Größe "7" \\ 🐘 ${id}`)]))),
  );
});
afterAll(() => rig?.close());

async function lines(query = ''): Promise<Line[]> {
  const answer = await rig.call('GET', `/v1/audit/events${query}`, { role: 'viewer' });
  expect(answer.status).toBe(200);
  return answer.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** As docs/reference/ledger.md tells an auditor to do it, without any code of ours. */
function recomputed(line: Line): string {
  const hash = createHash('sha256').update(Buffer.from(line.prevHash, 'hex'));
  const fields = [
    line.ledgerId,
    line.position,
    line.stream,
    String(line.streamVersion),
    line.eventId,
    line.type,
    String(line.schemaVersion),
    line.recordedAt,
    line.dataText,
    line.metadataText,
  ];
  for (const field of fields) {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex');
}

describe('GET /v1/audit/events', () => {
  it('streams every event with what anyone needs to recompute its hash', async () => {
    const all = await lines();
    const head = await rig.ledger.planner.reader.head();
    expect(all.length).toBeGreaterThanOrEqual(700);
    let prevHash = '00'.repeat(32);
    for (const [index, line] of all.entries()) {
      expect(line.position).toBe(String(index + 1));
      expect(line.prevHash).toBe(prevHash);
      expect(recomputed(line)).toBe(line.hash);
      expect(JSON.parse(line.dataText)).toEqual(line.data);
      prevHash = line.hash;
    }
    expect(BigInt(all.at(-1)?.position ?? 0) <= head.position).toBe(true);
  });

  it('takes a range, a stream, a prefix of streams and types', async () => {
    expect((await lines('?from=3&to=5')).map((line) => line.position)).toEqual(['3', '4', '5']);
    const [one] = await lines('?from=20&to=20');
    expect((await lines(`?stream=${encodeURIComponent(one?.stream ?? '')}`)).map((line) => line.position)).toEqual([
      '20',
    ]);
    const registry = await lines('?stream=registry-*');
    expect(registry.map((line) => line.type)).toEqual([
      'ServerRegistered',
      'EntitlementsSet',
      'EntitlementsSet',
      'ServiceRegistered',
      'SourceRegistered',
    ]);
    expect((await lines('?type=ServerRegistered,ServiceRegistered')).map((line) => line.type)).toEqual([
      'ServerRegistered',
      'ServiceRegistered',
    ]);
    expect(await lines('?type=NoSuchEvent')).toEqual([]);
    expect(await lines('?stream=registry-server:pool')).toEqual([]);
  });

  it('takes times to the microsecond: since includes, until does not', async () => {
    const all = await lines();
    const [from, to] = [all[100], all[200]];
    const range = await lines(`?since=${from?.recordedAt ?? ''}&until=${to?.recordedAt ?? ''}`);
    const expected = all.filter(
      (line) => line.recordedAt >= (from?.recordedAt ?? '') && line.recordedAt < (to?.recordedAt ?? ''),
    );
    expect(range.map((line) => line.position)).toEqual(expected.map((line) => line.position));
    expect(await lines('?since=2999-01-01T00:00:00Z')).toEqual([]);
    expect((await lines('?since=2000-01-01T00:00:00%2B02:00')).length).toBe(all.length);
  });

  it('is not read ahead of a client that stops reading', async () => {
    const response = await fetch(`${rig.url}/v1/audit/events`, {
      headers: { authorization: `Bearer ${rig.keys.viewer}` },
    });
    const reader = response.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
    expect((await rig.call('GET', '/health/ready')).status).toBe(200);
  });
});

describe('GET /v1/audit/state', () => {
  it('tells every migration as it stood at a position or a time', async () => {
    const { json } = await rig.upgrade(await rig.seedTenant());
    const { migrationId } = json;
    const requested = await rig.event(migrationId, 'MigrationRequested');
    const commanded = await rig.event(migrationId, 'StepCommanded');
    const at = async (moment: string): Promise<string | undefined> => {
      const path = `/v1/audit/state?at=${encodeURIComponent(moment)}`;
      const list = await rig.call('GET', path, { role: 'viewer' });
      const { items, next } = list.json as unknown as { items: { migrationId: string; status: string }[]; next: null };
      expect(next).toBeNull();
      const lines = await rig.call('GET', path, { role: 'viewer', headers: { accept: 'application/x-ndjson' } });
      expect(lines.text).toBe(items.map((item) => `${JSON.stringify(item)}\n`).join(''));
      return items.find((state) => state.migrationId === migrationId)?.status;
    };
    expect(await at(String(requested.position - 1n))).toBeUndefined();
    expect(await at(String(requested.position))).toBe('requested');
    expect(await at(String(commanded.position))).toBe('inspecting');
    expect(await at(requested.recordedAt)).toBe('requested');
    expect(await at(commanded.recordedAt)).toBe('inspecting');
    expect(await at('2999-01-01T00:00:00Z')).toBe('inspecting');
  });
});

describe('GET /v1/audit/verify', () => {
  it('follows the chain to the head, or over a range', async () => {
    const head = await rig.ledger.planner.reader.head();
    expect((await rig.call('GET', '/v1/audit/verify')).json).toMatchObject({
      verified: true,
      from: '1',
      headHash: head.hash,
      headPosition: String(head.position),
    });
    expect((await rig.call('GET', '/v1/audit/verify?from=10&to=20')).json).toMatchObject({
      verified: true,
      from: '10',
      to: '20',
    });
  });

  it('names the position of an event that an administrator changed', async () => {
    await rig.ledger.query(`
      begin;
      alter table ledger.event disable trigger event_append_only;
      update ledger.event set data = replace(data::text, 'pool-1', 'pool-7')::json where position = (select min(position) from ledger.event where type = 'ServerRegistered');
      alter table ledger.event enable trigger event_append_only;
      commit
    `);
    expect((await rig.call('GET', '/v1/audit/verify')).json).toMatchObject({
      verified: false,
      brokenAt: '1',
      because: 'content',
    });
  });
});
