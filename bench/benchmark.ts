/** One figure beside its peers, measured in turn in one run, so that only the ratio of their medians counts. */
export interface Benchmark {
  readonly name: string;
  /** What is measured, with its unit. */
  readonly title: string;
  run(say: (line: string) => void): Promise<readonly Figure[]>;
}

export interface Figure {
  /** What varies: "64 callers". */
  readonly of: string;
  readonly unit: string;
  /** Ours, a value per round. */
  readonly ours: readonly number[];
  /** Each peer's, a value per round. */
  readonly peers: Readonly<Record<string, readonly number[]>>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `64 callers   ours 12,000 items/s (11,000–13,000)   plain insert 9,000 … ratio 1.33`. */
export function figureLine({ of, unit, ours, peers }: Figure): string {
  const sides = Object.entries(peers).map(
    ([name, values]) => `${name} ${spread(values)}  ratio ${(median(ours) / median(values)).toFixed(2)}`,
  );
  return [`  ${of.padEnd(14)}`, `ours ${spread(ours)} ${unit}`, ...sides].join('   ');
}

function spread(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(shown);
  return `${shown(median(values))} (${least ?? ''}–${most ?? ''})`;
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}
