import { once } from 'node:events';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { type RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import type { Logger } from '#shared/observability/logger.js';
import type { Metrics } from '#shared/observability/metrics.js';
import type { ClaimedRun } from './claim.js';

/** What the loop needs from the rest of the room. */
export interface RunnerWork {
  /** The next run, claimed; undefined when there is none to claim. */
  claimNext(): Promise<ClaimedRun | undefined>;
  /** Works on it to its end and writes the outcome; never throws. */
  execute(claimed: ClaimedRun, stopping: AbortSignal): Promise<void>;
  /** Until something becomes due by itself. */
  idleMs(): Promise<number>;
}

export interface RunnerOptions {
  readonly concurrency: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const AFTER_TROUBLE_MS = 1_000;

/**
 * Claims while there is room, works, and waits to be woken. Stopping claims no more, lets the running steps give
 * themselves back at their safe points, and resolves when they have.
 */
export class Runner {
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<void>>();
  /** Attempts by kind of step. */
  private readonly byKind = new Map<string, number>();
  private readonly waker = new EventTarget();
  private woken = false;
  /** Of the last failed look; told once, however long it lasts. */
  private trouble: ErrorCode | undefined;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly work: RunnerWork,
    private readonly options: RunnerOptions,
  ) {}

  get runningSteps(): number {
    return this.running.size;
  }

  start(): void {
    this.loop ??= this.run();
  }

  /** Something may be claimable now. */
  wake(): void {
    this.woken = true;
    this.waker.dispatchEvent(new Event('wake'));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.loop;
    await Promise.all(this.running);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.woken = false;
      try {
        const claimed = await this.claimOne();
        this.trouble = undefined;
        if (claimed) continue;
        await this.idle(this.running.size >= this.options.concurrency ? AFTER_TROUBLE_MS : await this.work.idleMs());
      } catch (error) {
        this.report(toRehomeError(error));
        await this.idle(AFTER_TROUBLE_MS);
      }
    }
  }

  private report(err: RehomeError): void {
    if (err.code !== this.trouble) this.options.logger.warn({ err }, 'claiming failed');
    this.trouble = err.code;
  }

  private async claimOne(): Promise<boolean> {
    if (this.running.size >= this.options.concurrency) return false;
    const claimed = await this.work.claimNext();
    if (claimed === undefined) return false;
    const work = this.work.execute(claimed, this.stopping.signal).finally(() => {
      this.running.delete(work);
      this.measure(claimed.kind, -1);
      this.wake();
    });
    this.running.add(work);
    this.measure(claimed.kind, 1);
    return true;
  }

  private measure(kind: string, change: 1 | -1): void {
    const count = (this.byKind.get(kind) ?? 0) + change;
    this.byKind.set(kind, count);
    this.options.metrics.set('rehome_steps_running', { kind }, count);
  }

  private async idle(ms: number): Promise<void> {
    // Woken between the last look and now: look again at once.
    if (this.woken) return;
    const timer = setTimeout(() => {
      this.waker.dispatchEvent(new Event('wake'));
    }, ms);
    await once(this.waker, 'wake');
    clearTimeout(timer);
  }
}
