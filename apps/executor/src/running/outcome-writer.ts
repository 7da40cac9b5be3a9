import { setTimeout as delay } from 'node:timers/promises';
import { type RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import type { Logger } from '#shared/observability/logger.js';
import type { Metrics } from '#shared/observability/metrics.js';
import type { EvidenceStore } from './evidence.js';
import type { Outcome } from './outcome.js';
import { outcomeItem, type AttemptRecord } from './outcome-item.js';

export interface OutcomeWriterParts {
  readonly ledger: Pick<LedgerWriter, 'append'>;
  readonly evidence: EvidenceStore;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

const AGAIN_MS = 500;

/** Writes how an attempt ended; while the ledger does not answer, again, because the work is done. */
export class OutcomeWriter {
  constructor(private readonly parts: OutcomeWriterParts) {}

  /** @param giveUp aborted when the process cannot wait any longer; the next owner then probes and finds it done. */
  async write(outcome: Outcome, record: AttemptRecord, giveUp: AbortSignal): Promise<void> {
    let item: ReturnType<typeof outcomeItem>;
    while (!giveUp.aborted) {
      try {
        // Made once: the same event ids again are the same events, should an answer get lost.
        item ??= outcomeItem(await this.fit(outcome), record);
        if (item === undefined) return;
        this.told(await this.parts.ledger.append(item), outcome, record);
        return;
      } catch (error) {
        const failure = toRehomeError(error);
        if (failure.disposition !== 'retry') return this.writeUnfit(outcome, failure, record, giveUp);
        await delay(AGAIN_MS, undefined, { signal: giveUp }).catch(() => undefined);
      }
    }
  }

  private async fit(outcome: Outcome): Promise<Outcome> {
    if (outcome.status !== 'succeeded' && outcome.status !== 'undone') return outcome;
    return { ...outcome, result: await this.parts.evidence.fit(outcome.result) };
  }

  private told(answer: Awaited<ReturnType<LedgerWriter['append']>>, outcome: Outcome, record: AttemptRecord): void {
    const { metrics, logger } = this.parts;
    const { kind, attempt } = record;
    if (answer.outcome === 'appended' || answer.outcome === 'repeated') {
      logger.info({ ...attempt, kind, durationMs: record.durationMs, outcome: outcome.status }, 'step attempt ended');
      return;
    }
    metrics.count('rehome_stale_fences_total', {});
    logger.warn({ ...attempt, kind, outcome: outcome.status }, 'outcome refused, another executor owns the step');
  }

  /** The ledger will never take this outcome: that itself is the failure. */
  private async writeUnfit(
    outcome: Outcome,
    why: RehomeError,
    record: AttemptRecord,
    giveUp: AbortSignal,
  ): Promise<void> {
    this.parts.logger.error({ ...record.attempt, kind: record.kind, err: why }, 'outcome cannot be written');
    if (outcome.status === 'failed') return;
    await this.write({ status: 'failed', failure: why.toFailure() }, record, giveUp);
  }
}
