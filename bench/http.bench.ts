import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { withDatabase } from '#shared/database/set-up.js';
import { ReadyProcess } from '../scripts/stack/ready-process.js';
import { RunningStack } from '../scripts/stack/running-stack.js';
import { toolMajor } from '../scripts/stack/tool-major.js';
import type { Benchmark, Figure } from './benchmark.js';
import { openCannon, type Cannon } from './peers.js';

const ROUNDS = 5;
const ROUND_S = 4;
const CONNECTIONS = 32;
const SERVER = 'pool-2';
const PEER = 'Fastify + insert';

/**
 * Requests answered 202 a second: authorised, validated, looked up in the registry and hash-chained into the ledger, while
 * the process manager schedules each, the list shows it and Kafka gets its events; beside Fastify that parses and inserts,
 * and does nothing else.
 */
export const httpBenchmark: Benchmark = {
  name: 'http',
  title: `accepted requests, ${String(CONNECTIONS)} connections`,
  run: async (say) => {
    const directory = mkdtempSync(join(tmpdir(), 'rehome-bench-'));
    const major = toolMajor();
    const stack = await RunningStack.start({
      servers: [{ name: SERVER, major }],
      kafka: true,
      services: true,
      durable: true,
      directory: join(directory, 'stack'),
      provisionedMajor: major,
      onProgress: say,
    });
    try {
      return [await measure(stack, say)];
    } finally {
      await stack.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measure(stack: RunningStack, say: (line: string) => void): Promise<Figure> {
  const bare = await startBareServer(stack.ledger.adminUrl);
  const cannon = await openCannon();
  const [ours, peer]: [number[], number[]] = [[], []];
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      ours.push(await accepted(cannon, `${stack.plannerUrl}/v1/migrations`, stack.apiKeys.requester));
      peer.push(await accepted(cannon, `${bare.facts.url}/requests`, stack.apiKeys.requester));
      say(`  round ${String(round)} of ${String(ROUNDS)}`);
    }
  } finally {
    await bare.stop();
  }
  return { of: 'POST', unit: 'requests/s', ours, peers: { [PEER]: peer }, goal: { peer: PEER, atLeast: 0.4 } };
}

/** On the server that holds the ledger, so that both write to the same disk. */
async function startBareServer(adminUrl: string): Promise<ReadyProcess<{ url: string }>> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query('create database bare');
  await client.end();
  return ReadyProcess.start('bench/bare-server.js', [withDatabase(adminUrl, 'bare')]);
}

let asked = 0;

/** Every request is about a database of its own; `runAt` keeps the executor out of it. */
function nextBody(): string {
  asked += 1;
  const database = `bench_${String(asked)}`;
  return JSON.stringify({
    kind: 'relocate',
    source: { server: SERVER, database },
    target: { server: SERVER, database: `${database}_new`, owner: 'bench' },
    mode: 'offline',
    options: { runAt: '2099-01-01T00:00:00Z' },
  });
}

async function accepted(cannon: Cannon, url: string, apiKey: string): Promise<number> {
  const answer = await cannon({
    url,
    connections: CONNECTIONS,
    duration: ROUND_S,
    requests: [
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
        setupRequest: (request) => ({ ...request, body: nextBody() }),
      },
    ],
  });
  if (answer.non2xx + answer.errors > 0)
    throw new Error(`${url} refused ${String(answer.non2xx)} requests and broke ${String(answer.errors)}`);
  return answer['2xx'] / answer.duration;
}
