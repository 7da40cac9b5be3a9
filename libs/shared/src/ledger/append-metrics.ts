import type { Metrics } from '../observability/metrics.js';
import type { Flush } from './ledger-writer.js';

/** Measures a writer's flushes: how long each took, how many items it carried and how they were answered. */
export function measureAppends(metrics: Metrics): (flush: Flush) => void {
  return ({ seconds, outcomes }) => {
    metrics.observe('rehome_ledger_append_seconds', {}, seconds);
    metrics.observe('rehome_ledger_append_items', {}, outcomes.length);
    for (const outcome of outcomes) metrics.count('rehome_ledger_append_answers_total', { outcome });
  };
}
