import { cpus, totalmem } from 'node:os';
import { figureLine, type Benchmark } from '../bench/benchmark.js';
import { ledgerBenchmark } from '../bench/ledger.bench.js';
import { moveBenchmark } from '../bench/move.bench.js';

const BENCHMARKS: readonly Benchmark[] = [ledgerBenchmark, moveBenchmark];

const wanted = process.argv[2] ?? '';
const chosen = BENCHMARKS.filter(({ name }) => wanted === 'all' || wanted === name);
if (chosen.length === 0) {
  process.stderr.write(`npm run bench -- NAME, one of: all, ${BENCHMARKS.map(({ name }) => name).join(', ')}\n`);
  process.exit(64);
}

const gib = (totalmem() / 2 ** 30).toFixed(0);
process.stdout.write(`${String(cpus().length)} cores, ${gib} GiB, node ${process.version}; medians, least and most\n`);
for (const benchmark of chosen) {
  process.stdout.write(`\n${benchmark.name}: ${benchmark.title}\n`);
  const figures = await benchmark.run((line) => process.stderr.write(`${line}\n`));
  for (const figure of figures) process.stdout.write(`${figureLine(figure)}\n`);
}
process.exit(0);
