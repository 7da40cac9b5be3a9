import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { PlannerClient } from '../scripts/stack/planner-client.js';
import { RunningStack } from '../scripts/stack/running-stack.js';
import { SampleTenant } from '../scripts/stack/sample-tenant.js';
import { toolMajor } from '../scripts/stack/tool-major.js';
import { percentile, type Benchmark, type Figure } from './benchmark.js';

const ROUNDS = 5;
const SAMPLES = 40;
const SERVER = 'pool-2';

/**
 * From the recorded time of a command to that of its outcome, both services running: relay, Kafka, acceptance, claim, a
 * step that does next to nothing (`describe-plan` of a plan with one step), outcome. Times are the ledger's.
 */
export const latencyBenchmark: Benchmark = {
  name: 'latency',
  title: 'command to outcome of an empty step, through ledger, Kafka and executor',
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
      return await measure(stack, directory, say);
    } finally {
      await stack.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measure(stack: RunningStack, directory: string, say: (line: string) => void): Promise<Figure[]> {
  const server = stack.server(SERVER);
  const tenant = await SampleTenant.start({ server, directory, database: 'odoo_bench', owner: 'bench', scale: 0.01 });
  const planner = new PlannerClient(stack.plannerUrl, stack.apiKeys.operator);
  await tenant.register(planner);
  const rounds: number[][] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const plans: string[] = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      // `standard` has no dedicated server: the plan is one step, which only resizes.
      const body = { kind: 'upgrade', instanceId: tenant.instanceId, toPlan: 'standard' };
      plans.push((await planner.call<{ planId: string }>('POST', '/v1/plans', body)).planId);
    }
    // The first round warms both services up.
    if (round > 0) rounds.push(await latencies(stack.ledgerUrls.analystUrl, plans));
    say(`  round ${String(round)} of ${String(ROUNDS)}`);
  }
  await tenant.stop();
  return [
    { of: 'p50', unit: 'ms', ours: rounds.map((round) => percentile(round, 0.5)), peers: {}, goal: { atMost: 60 } },
    { of: 'p99', unit: 'ms', ours: rounds.map((round) => percentile(round, 0.99)), peers: {} },
  ];
}

async function latencies(analystUrl: string, plans: readonly string[]): Promise<number[]> {
  const client = new pg.Client({ connectionString: analystUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ ms: number }>(
      `select extract(epoch from outcome.recorded_at - command.recorded_at)::float8 * 1000 as ms
         from analytics.events as command
         join analytics.events as outcome
           on outcome.type = 'StepSucceeded'
          and outcome.data ->> 'migrationId' = command.data ->> 'migrationId'
          and outcome.data ->> 'stepId' = command.data ->> 'stepId'
        where command.type = 'StepCommanded' and command.data ->> 'migrationId' = any ($1)`,
      [plans],
    );
    return rows.map(({ ms }) => ms);
  } finally {
    await client.end();
  }
}
