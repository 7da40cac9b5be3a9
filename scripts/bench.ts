import { availableParallelism, totalmem } from 'node:os';
import { applyBenchmark } from '../bench/apply.bench.js';
import { figureLine, judge, type Benchmark } from '../bench/benchmark.js';
import { httpBenchmark } from '../bench/http.bench.js';
import { latencyBenchmark } from '../bench/latency.bench.js';
import { ledgerBenchmark } from '../bench/ledger.bench.js';
import { relayBenchmark } from '../bench/relay.bench.js';
import { relocateBenchmark } from '../bench/relocate.bench.js';

const BENCHMARKS: readonly Benchmark[] = [
  ledgerBenchmark,
  relayBenchmark,
  latencyBenchmark,
  httpBenchmark,
  relocateBenchmark,
  applyBenchmark,
];

const wanted = process.argv.slice(2);
const chosen = BENCHMARKS.filter(({ name }) => wanted.includes('all') || wanted.includes(name));
if (chosen.length === 0) {
  process.stderr.write(`npm run bench -- NAME …, of: all, ${BENCHMARKS.map(({ name }) => name).join(', ')}\n`);
  process.exit(64);
}

const gib = (totalmem() / 2 ** 30).toFixed(0);
process.stdout.write(
  `${String(availableParallelism())} cores, ${gib} GiB, node ${process.version}; medians of rounds (least–most)\n`,
);
let missed = 0;
for (const benchmark of chosen) {
  process.stdout.write(`\n${benchmark.name}: ${benchmark.title}\n`);
  const figures = await benchmark.run((line) => process.stderr.write(`${line}\n`));
  for (const figure of figures) {
    process.stdout.write(`${figureLine(figure)}\n`);
    if (judge(figure)?.met === false) missed += 1;
  }
}
process.stdout.write(`\n${missed === 0 ? 'every goal met' : `goals missed: ${String(missed)}`}\n`);
// A goal missed is a fact to read, not a broken run: machines differ.
process.exit(0);
