import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import type { Content } from './hashing.js';
import type { TableContent } from './hash-tables.js';

export interface ContentComparison {
  readonly mismatches: readonly Mismatch[];
  /**
   * Materialized views whose rows differ. A restore computes them anew from rows that are proven equal, so one that was
   * stale at the source, or tells the time, is fresh at the target: to be told, not to be refused.
   */
  readonly refreshed: readonly Mismatch[];
}

/** Every table, sequence and the large objects of which source and target disagree. */
export function compareContents(source: Content, target: Content): ContentComparison {
  const tables = [...new Set([...source.tables.keys(), ...target.tables.keys()])].sort();
  const found = tables.flatMap((name) => compareTable(name, source.tables.get(name), target.tables.get(name)));
  return {
    mismatches: [
      ...found.filter(({ derived }) => !derived).map(({ mismatch }) => mismatch),
      ...compareSequences(source, target),
      ...compareLargeObjects(source, target),
    ],
    refreshed: found.filter(({ derived }) => derived).map(({ mismatch }) => mismatch),
  };
}

function compareTable(
  object: string,
  source: TableContent | undefined,
  target: TableContent | undefined,
): { derived: boolean; mismatch: Mismatch }[] {
  const derived = Boolean(source?.derived ?? target?.derived);
  const rows = { source: source?.rows ?? '(missing)', target: target?.rows ?? '(missing)' };
  if (rows.source !== rows.target) return [{ derived, mismatch: { object, aspect: 'rows', ...rows } }];
  if (!source || !target || source.hash === target.hash) return [];
  return [{ derived, mismatch: { object, aspect: 'content', source: source.hash, target: target.hash } }];
}

function compareSequences(source: Content, target: Content): Mismatch[] {
  const names = [...new Set([...source.sequences.keys(), ...target.sequences.keys()])].sort();
  return names.flatMap((name) => {
    const [left, right] = [source, target].map(({ sequences }) => describe(sequences.get(name)));
    if (left === undefined || right === undefined || left === right) return [];
    return [{ object: `sequence ${name}`, aspect: 'value', source: left, target: right }];
  });

  function describe(state: { lastValue: string; called: boolean } | undefined): string {
    if (!state) return '(missing)';
    return state.called ? state.lastValue : `${state.lastValue} (not yet used)`;
  }
}

function compareLargeObjects(source: Content, target: Content): Mismatch[] {
  const [left, right] = [source.largeObjects, target.largeObjects];
  if (left.count !== right.count) {
    return [{ object: 'large objects', aspect: 'count', source: left.count, target: right.count }];
  }
  if (left.hash === right.hash) return [];
  return [{ object: 'large objects', aspect: 'content', source: left.hash, target: right.hash }];
}
