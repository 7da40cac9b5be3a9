import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { toMigrationId } from '#shared/contracts/ids.js';
import { migrationStream } from '#shared/contracts/streams.js';
import { closePools, openPools } from '#shared/database/pools.js';
import { setUpLedger, withDatabase } from '#shared/database/set-up.js';
import { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { startPostgres } from '../test/harness/servers/start-servers.js';
import { toolMajor } from '../scripts/stack/tool-major.js';
import { percentile, type Benchmark, type Figure } from './benchmark.js';
import { callersFor, type Load } from './load.js';
import { openEmmett } from './peers.js';

const ROUNDS = 5;
const ROUND_MS = 1_500;
const CALLERS = [1, 16, 64] as const;
/** Where goals are set. */
const CROWD = 64;
/** Emmett's best of 8, 16, 32 and 64 here; each of its appends holds one for a transaction. */
const PEER_CONNECTIONS = 32;
const PASSWORD = 'only-for-the-benchmark';
const [EMMETT, PLAIN] = ['Emmett', 'plain insert'] as const;

/** One append of each competitor. */
type Competitors = Readonly<Record<'ours' | typeof EMMETT | typeof PLAIN, () => Promise<unknown>>>;

/**
 * Appends of one event to a new stream: ours with a reservation as its effect, through every check and the hash chain;
 * Emmett without any effect, which is in its favour; a plain insert of the same text, which checks nothing.
 */
export const ledgerBenchmark: Benchmark = {
  name: 'ledger',
  title: 'durable appends, ours with an effect each',
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
  const peer = new pg.Pool({ connectionString: adminUrl, max: PEER_CONNECTIONS });
  await peer.query('create table plain (id bigserial primary key, at timestamptz default now(), data text)');
  await peer.query('create database emmett');
  const emmettUrl = withDatabase(adminUrl, 'emmett');
  const emmettPool = new pg.Pool({ connectionString: emmettUrl, max: PEER_CONNECTIONS });
  const emmett = await openEmmett(emmettUrl, emmettPool);
  const competitors: Competitors = {
    ours: () => append(writer),
    [EMMETT]: () => {
      const { migrationId, metadata, ...event } = anEvent();
      return emmett.appendToStream(migrationStream(migrationId), [{ ...event, metadata }], {
        expectedStreamVersion: 'STREAM_DOES_NOT_EXIST',
      });
    },
    [PLAIN]: () => peer.query('insert into plain (data) values ($1)', [JSON.stringify(anEvent())]),
  };
  const figures: Figure[] = [];
  for (const callers of CALLERS) figures.push(...(await compare(competitors, callers, say)));
  await writer.close();
  await emmett.close();
  await Promise.all([closePools(pools), peer.end(), emmettPool.ended ? undefined : emmettPool.end()]);
  return figures;
}

async function compare(competitors: Competitors, callers: number, say: (line: string) => void): Promise<Figure[]> {
  const loads = { ours: [] as Load[], [EMMETT]: [] as Load[], [PLAIN]: [] as Load[] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const name of ['ours', EMMETT, PLAIN] as const)
      loads[name].push(await callersFor(ROUND_MS, callers, competitors[name]));
    say(`  ${String(callers)} callers, round ${String(round)} of ${String(ROUNDS)}`);
  }
  const each = (value: (load: Load) => number) => ({
    ours: loads.ours.map(value),
    peers: { [EMMETT]: loads[EMMETT].map(value), [PLAIN]: loads[PLAIN].map(value) },
  });
  const [of, crowd] = [`${String(callers)} callers`, callers === CROWD];
  return [
    {
      of,
      unit: 'items/s',
      ...each(({ perSecond }) => perSecond),
      ...(crowd ? { goal: { peer: EMMETT, atLeast: 5 } } : {}),
    },
    {
      of: `${of}, p99`,
      unit: 'ms',
      ...each(({ latencies }) => percentile(latencies, 0.99)),
      ...(crowd ? { goal: { peer: EMMETT, atMost: 0.5 } } : {}),
    },
  ];
}

async function append(writer: LedgerWriter): Promise<void> {
  const { migrationId, ...event } = anEvent();
  const answer = await writer.append({
    appends: [
      {
        stream: migrationStream(migrationId),
        expected: 0,
        events: [{ ...event, eventId: randomUUID(), schemaVersion: 1 }],
      },
    ],
    effects: [{ effect: 'reserve', migrationId, subjects: [`bench:${migrationId}`] }],
  });
  if (answer.outcome !== 'appended') throw new Error(`the append was answered ${answer.outcome}`);
}

function anEvent() {
  const migrationId = toMigrationId(randomUUID());
  return {
    migrationId,
    type: 'TimerSet' as const,
    data: { migrationId, timer: 'bench', dueAt: '2026-11-21T00:00:00Z' },
    metadata: { correlationId: migrationId, causationId: migrationId, actor: 'bench' },
  };
}
