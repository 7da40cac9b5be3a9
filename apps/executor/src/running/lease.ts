import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import type { Progress, StepLease } from './step.js';

/** What a renewal learns. `lost`: no row with our fence and owner was running. */
export type LeaseAnswer = { readonly held: true; readonly cancelRequested: boolean } | { readonly held: false };

/** Writes lease_until = now + ttl and the progress, by the database's clock. */
export type RenewLease = (progress: Progress | undefined) => Promise<LeaseAnswer>;

export interface LeaseTimes {
  readonly ttlMs: number;
  readonly beatMs: number;
}

/** Part of the time to live that is never used: for clocks that run unlike and statements on their way. */
const MARGIN_SHARE = 0.2;

/**
 * The lease of one attempt, kept by a beat. Counted from when a renewal was *sent*, on a monotonic clock: the
 * answer may be late, or the process may have been stopped, and by then another executor may have claimed.
 */
export class Lease implements StepLease {
  private readonly controller = new AbortController();
  private confirmedAt: number;
  private progress: Progress | undefined;
  private beatTimer: NodeJS.Timeout | undefined;
  private expiryTimer: NodeJS.Timeout | undefined;
  private renewal: Promise<void> | undefined;
  private ended = false;

  /** @param claimSentAt `performance.now()` before the claim was sent. */
  constructor(
    private readonly renew: RenewLease,
    private readonly times: LeaseTimes,
    claimSentAt: number,
  ) {
    this.confirmedAt = claimSentAt;
    this.scheduleExpiry();
    this.scheduleBeat();
  }

  /** Aborted with LEASE_LOST, STEP_CANCELLED, or whatever `abort` was given. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  report(progress: Progress): void {
    this.progress = progress;
  }

  abort(reason: RehomeError): void {
    this.controller.abort(reason);
  }

  /** Renews now. Without an answer the lease we know of still counts, until its margin. */
  async check(): Promise<void> {
    this.signal.throwIfAborted();
    await untilEither(this.beat(), this.signal);
    this.signal.throwIfAborted();
  }

  /** Ends the beat; the row is left as it is. */
  close(): void {
    this.ended = true;
    clearTimeout(this.beatTimer);
    clearTimeout(this.expiryTimer);
  }

  private beat(): Promise<void> {
    this.renewal ??= this.renewOnce().finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  private async renewOnce(): Promise<void> {
    if (this.expired()) {
      this.lose('the lease ran out before it could be renewed');
      return;
    }
    const sentAt = performance.now();
    const answer = await this.renew(this.progress).catch((error: unknown) => toRehomeError(error));
    // No answer proves nothing; the expiry timer ends the attempt in time.
    if (answer instanceof RehomeError) return;
    if (!answer.held) {
      this.lose('another executor owns the step');
      return;
    }
    this.confirmedAt = sentAt;
    this.scheduleExpiry();
    if (answer.cancelRequested) this.abort(new RehomeError('STEP_CANCELLED', 'cancel was requested'));
  }

  private expired(): boolean {
    return this.msLeft() <= 0;
  }

  private msLeft(): number {
    return this.confirmedAt + this.times.ttlMs * (1 - MARGIN_SHARE) - performance.now();
  }

  private lose(detail: string): void {
    this.close();
    this.abort(new RehomeError('LEASE_LOST', detail));
  }

  // Goes on after a cancel: the step is still on its way to its safe point and needs the lease until then.
  private scheduleBeat(): void {
    if (this.ended) return;
    this.beatTimer = setTimeout(() => {
      void this.beat().then(() => {
        this.scheduleBeat();
      });
    }, this.times.beatMs);
  }

  private scheduleExpiry(): void {
    clearTimeout(this.expiryTimer);
    if (this.ended) return;
    this.expiryTimer = setTimeout(
      () => {
        this.lose('the lease could not be renewed in time');
      },
      Math.max(0, this.msLeft()),
    );
  }
}

/** Resolves at the abort, or as the work does; leaves no listener behind, for a long step checks thousands of times. */
async function untilEither(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let end: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => (end = resolve));
  signal.addEventListener('abort', end, { once: true });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}
