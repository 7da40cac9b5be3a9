/** One thing measured beside its peers, in turn in one run, so that the ratios of medians count and not the machine. */
export interface Benchmark {
  readonly name: string;
  /** What is measured. */
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
  readonly goal?: Goal;
}

/** A bound for the ratio of our median to the peer's, or for our median itself when no peer is named. */
export type Goal = { readonly peer?: string } & ({ readonly atLeast: number } | { readonly atMost: number });

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** @param share 0.99 for the value that 99 of 100 do not exceed; between two values it is interpolated. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
  return below + (above - below) * (place - Math.floor(place));
}

/** What came of a goal: the value it bounds, and whether it holds. */
export function judge({ ours, peers, goal }: Figure): { readonly value: number; readonly met: boolean } | undefined {
  if (goal === undefined) return undefined;
  const peer = goal.peer === undefined ? [1] : (peers[goal.peer] ?? []);
  const value = median(ours) / median(peer);
  return { value, met: 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost };
}

/** `64 callers   ours 12,000 items/s (11,000–13,000)   plain insert 9,000 … ratio 1.33   goal ≥ 0.5: met`. */
export function figureLine(figure: Figure): string {
  const { of, unit, ours, peers } = figure;
  const sides = Object.entries(peers).map(
    ([name, values]) => `${name} ${spread(values)}  ratio ${(median(ours) / median(values)).toFixed(2)}`,
  );
  return [`  ${of.padEnd(16)}`, `ours ${spread(ours)} ${unit}`, ...sides, ...goalText(figure)].join('   ');
}

function goalText(figure: Figure): string[] {
  const { goal, unit } = figure;
  const judged = judge(figure);
  if (goal === undefined || judged === undefined) return [];
  const bound = 'atLeast' in goal ? `≥ ${String(goal.atLeast)}` : `≤ ${String(goal.atMost)}`;
  const of = goal.peer === undefined ? ` ${unit}` : ` × ${goal.peer}`;
  return [`goal ${bound}${of}: ${judged.met ? 'met' : 'MISSED'}`];
}

function spread(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(shown);
  return `${shown(median(values))} (${least ?? ''}–${most ?? ''})`;
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}
