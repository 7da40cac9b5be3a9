import type { Failure } from '#shared/contracts/events.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf, ResultOf } from '#shared/contracts/steps/step-types.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Metrics } from '#shared/observability/metrics.js';
import type { Logger } from '#shared/observability/logger.js';
import { traceparentField } from '#shared/observability/trace-context.js';
import type { Pool } from 'pg';
import { performRun, performUndo, timedOut } from './attempt.js';
import { endAttemptSpan, startAttemptSpan } from './attempt-span.js';
import type { ClaimedRun } from './claim.js';
import { Lease, type LeaseTimes } from './lease.js';
import { outcomeOfError, type Outcome } from './outcome.js';
import type { OutcomeWriter } from './outcome-writer.js';
import { renewLease } from './step-run-store.js';
import type { StepRun } from './step-run.js';
import type { Step, StepContext } from './step.js';
import type { StepTools } from './step-tools.js';

/** Ends what earlier attempts at the run left on servers and on this host. */
export type ClearOrphans = (context: StepContext<StepKind>) => Promise<void>;

export interface AttemptRunnerParts {
  readonly stepOf: (kind: StepKind) => Step<StepKind>;
  readonly typed: (run: StepRun) => { params: ParamsOf<StepKind>; result?: ResultOf<StepKind> };
  readonly tools: StepTools;
  readonly outcomes: OutcomeWriter;
  readonly clearOrphans: ClearOrphans;
  readonly redact: (failure: Failure) => Failure;
  /** Of its own, so that nothing else can starve the beat. */
  readonly leases: Pool;
  readonly leaseTimes: LeaseTimes;
  readonly owner: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** An attempt whose deadline passed while nobody could work still gets this long to find the step done. */
const OVERDUE_MS = 30_000;
/** 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Works on one claimed run to the end of the attempt. */
export class AttemptRunner {
  constructor(private readonly parts: AttemptRunnerParts) {}

  /** Never throws: how it ended is the outcome, and where that cannot be written the next owner finds out. */
  async execute(claimed: ClaimedRun, stopping: AbortSignal, giveUp: AbortSignal): Promise<void> {
    const span = startAttemptSpan(claimed);
    const metadata = { ...claimed.metadata, ...traceparentField(span.traceparent) };
    const outcome = await span.run(() => this.executeTraced({ ...claimed, metadata }, stopping, giveUp));
    endAttemptSpan(span, outcome);
  }

  private async executeTraced(claimed: ClaimedRun, stopping: AbortSignal, giveUp: AbortSignal): Promise<Outcome> {
    const { outcomes, metrics, logger } = this.parts;
    const { attempt, kind, metadata } = claimed;
    let outcome: Outcome = { status: 'lost' };
    const startedAt = performance.now();
    logger.info({ ...attempt, kind }, 'step attempt started');
    const lease = this.leaseOf(claimed);
    const guards = guard(lease, claimed, stopping);
    try {
      outcome = await this.attempt(claimed, lease);
      const durationMs = Math.round(performance.now() - startedAt);
      metrics.count('rehome_step_attempts_total', { kind, direction: attempt.direction, outcome: outcome.status });
      metrics.observe('rehome_step_seconds', { kind, direction: attempt.direction }, durationMs / 1_000);
      if (outcome.status === 'lost') logger.warn({ ...attempt, kind, durationMs }, 'step attempt lost its lease');
      await this.parts.tools.faults.reach(`step.${kind}.finish.before`);
      await outcomes.write(outcome, { attempt, kind, durationMs, metadata, now: new Date() }, giveUp);
    } catch (error) {
      logger.error({ ...attempt, kind, err: error }, 'step attempt could not be ended');
    } finally {
      guards.clear();
      lease.close();
    }
    return outcome;
  }

  private async attempt(claimed: ClaimedRun, lease: Lease): Promise<Outcome> {
    const { run, attempt, kind } = claimed;
    try {
      lease.signal.throwIfAborted();
      const context = this.contextOf(claimed, lease);
      const step = this.parts.stepOf(kind);
      if (needsClearing(step, claimed)) await this.parts.clearOrphans(context);
      if (attempt.direction === 'undo') return await performUndo(step, context);
      return await performRun(step, context, run.remainingMs <= 0);
    } catch (error) {
      const { redact } = this.parts;
      const remainingMs = run.remainingMs - (performance.now() - claimed.sentAt);
      const facts = { attempt: attempt.attempt, remainingMs, chance: Math.random(), redact };
      return outcomeOfError(error, lease.signal, facts);
    }
  }

  private leaseOf(claimed: ClaimedRun): Lease {
    const { leases, owner, leaseTimes } = this.parts;
    const held = { key: claimed.run.key, fence: claimed.attempt.fence, owner, ttlMs: leaseTimes.ttlMs };
    return new Lease((progress) => renewLease(leases, held, progress), leaseTimes, claimed.sentAt);
  }

  private contextOf(claimed: ClaimedRun, lease: Lease): StepContext<StepKind> {
    return {
      ...this.parts.typed(claimed.run),
      run: claimed.attempt,
      signal: lease.signal,
      lease,
      tools: this.parts.tools,
      progress: (progress) => {
        lease.report(progress);
      },
    };
  }
}

/** The first attempt at a first run has nothing before it; an undo follows a run that may have died. */
function needsClearing({ readsOnly }: Step<StepKind>, { attempt }: ClaimedRun): boolean {
  if (readsOnly === true) return false;
  return attempt.attempt > 1 || attempt.generation > 1 || attempt.direction === 'undo';
}

/** Everything that ends an attempt from outside, besides the lease itself. */
function guard(lease: Lease, claimed: ClaimedRun, stopping: AbortSignal): { clear(): void } {
  const stop = (): void => {
    lease.abort(new RehomeError('EXECUTOR_STOPPING', 'the executor shuts down'));
  };
  if (claimed.run.cancelRequested) lease.abort(new RehomeError('STEP_CANCELLED', 'cancel was requested'));
  if (stopping.aborted) stop();
  stopping.addEventListener('abort', stop, { once: true });
  const { remainingMs } = claimed.run;
  // setTimeout fires at once for more than its longest.
  const timer = setTimeout(
    () => {
      lease.abort(timedOut());
    },
    Math.min(remainingMs > 0 ? remainingMs : OVERDUE_MS, LONGEST_TIMER_MS),
  );
  return {
    clear: () => {
      clearTimeout(timer);
      stopping.removeEventListener('abort', stop);
    },
  };
}
