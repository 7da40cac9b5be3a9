import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AcceptedRun } from '#shared/ledger/ledger-effect.js';
import { createTestLedger, type TestLedger } from '../../../../test/harness/ledger.js';
import { EvidenceStore } from './evidence.js';
import { findCandidates } from './step-run-store.js';

let opened: TestLedger | undefined;
const ledger = (): TestLedger => {
  if (opened === undefined) throw new Error('there is no ledger');
  return opened;
};

beforeAll(async () => {
  opened = await createTestLedger();
});

afterAll(async () => {
  await opened?.close();
});

async function accept(stepId: string, extra: Partial<AcceptedRun> = {}): Promise<AcceptedRun> {
  const key = { migrationId: randomUUID(), stepId, direction: 'run', generation: 1 } as const;
  const run = { ...key, kind: 'stop-service', version: 1, params: {}, timeoutMs: 60_000, correlationId: 'c', ...extra };
  await ledger().executor.writer.append({ appends: [], effects: [{ effect: 'accept', commandId: randomUUID(), run }] });
  return run;
}

async function claim({ migrationId, stepId, direction, generation }: AcceptedRun): Promise<void> {
  const key = { migrationId, stepId, direction, generation };
  await ledger().executor.writer.append({
    appends: [],
    effects: [{ effect: 'claim', key, owner: 'somebody', expectedFence: 0, ttlMs: 60_000 }],
  });
}

async function candidates(site?: string): Promise<string[]> {
  const found = await findCandidates(ledger().executor.pools.reads, site, 8);
  return found.map(({ key }) => key.stepId);
}

describe('what may be claimed', () => {
  it('is of no site or of the own, of a kind that is known, and not running under a lease that lasts', async () => {
    await accept('anywhere');
    await accept('here', { site: 'here' });
    await accept('there', { site: 'there' });
    await accept('newer', { kind: 'paint-walls' });
    await claim(await accept('taken'));
    expect(await candidates('here')).toEqual(['anywhere', 'here']);
    expect(await candidates()).toEqual(['anywhere']);
  });

  it('leaves out what waits for a budget, so that it hides nothing else', async () => {
    const slot = { key: 'server:pool:bulk', capacity: 1 };
    await claim(await accept('bulk-running', { slot }));
    await accept('bulk-waiting', { slot });
    await accept('light');
    expect(await candidates()).toEqual(['anywhere', 'light']);
  });
});

describe('a result', () => {
  it('that is too large for an event is kept beside it, once, under its digest', async () => {
    const evidence = new EvidenceStore(ledger().executor.pools.reads);
    const large = { steps: 'x'.repeat(300 * 1024) };
    expect(await evidence.fit({ small: true })).toEqual({ small: true });
    const reference = await evidence.fit(large);
    expect(await evidence.fit(large)).toEqual(reference);
    const rows = await ledger().query<{ sha256: string; content: Buffer }>(
      'select sha256, content from executor.evidence',
    );
    expect(reference).toEqual({ evidence: { sha256: rows[0]?.sha256, bytes: JSON.stringify(large).length } });
    expect(rows.map(({ content }) => JSON.parse(content.toString()) as unknown)).toEqual([large]);
  });
});
