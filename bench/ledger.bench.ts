import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { toMigrationId } from '#shared/contracts/ids.js';
import { migrationStream } from '#shared/contracts/streams.js';
import { closePools, openPools } from '#shared/database/pools.js';
import { setUpLedger } from '#shared/database/set-up.js';
import { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { startPostgres } from '../test/harness/servers/start-servers.js';
import { toolMajor } from '../scripts/stack/tool-major.js';
import type { Benchmark, Figure } from './benchmark.js';

const ROUNDS = 5;
const ROUND_MS = 1_500;
const CALLERS = [1, 16, 64] as const;
const PASSWORD = 'only-for-the-benchmark';

/** Appends with an effect each, through every check and the hash chain, beside a plain insert of the same text. */
export const ledgerBenchmark: Benchmark = {
  name: 'ledger',
  title: 'appends a second, durable, an effect per item',
  run: async (say) => {
    const server = await startPostgres({ major: toolMajor(), durable: true });
    try {
      const passwords = { planner: PASSWORD, executor: PASSWORD, analyst: PASSWORD };
      const urls = await setUpLedger({ adminUrl: server.adminUrl, database: 'rehome', passwords });
      return await measure(urls.plannerUrl, server.adminUrl, say);
    } finally {
      await server.stop();
    }
  },
};

async function measure(plannerUrl: string, adminUrl: string, say: (line: string) => void): Promise<Figure[]> {
  const pools = openPools({ url: plannerUrl, applicationName: 'rehome bench' });
  const writer = new LedgerWriter(pools.appends);
  const peer = new pg.Pool({ connectionString: adminUrl, max: Math.max(...CALLERS) });
  await peer.query('create table plain (id bigserial primary key, at timestamptz default now(), data text)');
  const figures: Figure[] = [];
  for (const callers of CALLERS) {
    const ours: number[] = [];
    const plain: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      ours.push(await perSecond(callers, () => append(writer)));
      plain.push(await perSecond(callers, () => peer.query('insert into plain (data) values ($1)', [eventText()])));
      say(`  ${String(callers)} callers, round ${String(round + 1)} of ${String(ROUNDS)}`);
    }
    figures.push({ of: `${String(callers)} callers`, unit: 'items/s', ours, peers: { 'plain insert': plain } });
  }
  await writer.close();
  await Promise.all([closePools(pools), peer.end()]);
  return figures;
}

async function perSecond(callers: number, once: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() - began < ROUND_MS) {
        await once();
        done += 1;
      }
    }),
  );
  return done / ((performance.now() - began) / 1_000);
}

async function append(writer: LedgerWriter): Promise<void> {
  const migrationId = toMigrationId(randomUUID());
  const event = {
    eventId: randomUUID(),
    type: 'TimerSet' as const,
    schemaVersion: 1,
    data: { migrationId, timer: 'bench', dueAt: '2026-11-21T00:00:00Z' },
    metadata: { correlationId: migrationId, causationId: migrationId, actor: 'bench' },
  };
  const answer = await writer.append({
    appends: [{ stream: migrationStream(migrationId), expected: 0, events: [event] }],
    effects: [{ effect: 'reserve', migrationId, subjects: [`bench:${migrationId}`] }],
  });
  if (answer.outcome !== 'appended') throw new Error(`the append was answered ${answer.outcome}`);
}

function eventText(): string {
  return JSON.stringify({ migrationId: randomUUID(), timer: 'bench', dueAt: '2026-11-21T00:00:00Z' });
}
