import type { Pool } from 'pg';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import type { Logger } from '#shared/observability/logger.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { claimItem, type Claimant, type ClaimedRun } from './claim.js';
import { findCandidates, nextDueMs } from './step-run-store.js';
import type { StepRun } from './step-run.js';

export interface ClaimerParts {
  readonly ledger: Pick<LedgerWriter, 'append'>;
  readonly reads: Pool;
  readonly claimant: Claimant;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

const CANDIDATES = 8;
/** Also without any wake-up: another executor may have accepted a run of our site. */
const LONGEST_IDLE_MS = 1_000;

/** Finds runs and makes them ours. */
export class Claimer {
  constructor(private readonly parts: ClaimerParts) {}

  async claimNext(): Promise<ClaimedRun | undefined> {
    const { reads, claimant } = this.parts;
    for (const candidate of await findCandidates(reads, claimant.site, CANDIDATES)) {
      const claimed = await this.claim(candidate);
      if (claimed !== undefined) return claimed;
    }
    return undefined;
  }

  async idleMs(): Promise<number> {
    const dueMs = await nextDueMs(this.parts.reads);
    return Math.min(LONGEST_IDLE_MS, (dueMs ?? LONGEST_IDLE_MS) + 1);
  }

  private async claim(candidate: StepRun): Promise<ClaimedRun | undefined> {
    const { ledger, claimant, metrics, logger } = this.parts;
    const { item, claimed } = claimItem(candidate, claimant);
    const answer = await ledger.append(item);
    // Refused: another executor was faster, or the server's budget is used up. Both are looked at again later.
    if (answer.outcome !== 'appended' && answer.outcome !== 'repeated') return undefined;
    const { kind, attempt } = claimed;
    if (candidate.state === 'running') {
      metrics.count('rehome_leases_lost_total', {});
      logger.warn({ ...attempt, kind, formerOwner: candidate.owner }, 'step taken over');
    }
    return claimed;
  }
}
