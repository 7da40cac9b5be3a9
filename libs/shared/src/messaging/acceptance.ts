import type { Failure } from '../contracts/events.js';
import type { ErrorCode } from '../errors/error-codes.js';
import { RehomeError } from '../errors/rehome-error.js';
import type { Logger } from '../observability/logger.js';
import type { BatchOutcome, RecordBatch } from './batch-delivery.js';
import { judgeFailure } from './handler-failure.js';
import { type IncomingRecord, placeOf } from './kafka-record.js';
import { workInLanes } from './lanes.js';
import { type Rejection, rejectionOf } from './rejection.js';
import { backOffMs } from './waiting.js';

export interface Observation {
  readonly topic: string;
  /** `passed-over`: not for us. `again`: not accepted now, read again after a pause. */
  readonly outcome: 'accepted' | 'passed-over' | 'rejected' | 'again';
  readonly reason?: ErrorCode;
}

export interface AcceptanceParts {
  /** Accepts one record; a failure is judged by `handler-failure.ts`. */
  readonly handle: (record: IncomingRecord) => Promise<'accepted' | 'passed-over'>;
  readonly putAside: (record: IncomingRecord, failure: Failure) => Promise<void>;
  readonly onRejected: (rejection: Rejection) => Promise<void>;
  readonly observe?: ((observation: Observation) => void) | undefined;
  readonly logger: Logger;
}

/** Handlers of one partition's batch at the same time; one flush of the ledger takes 256 items. */
const LANES = 64;
/** Tries of a record that fails for a reason nobody knows, before it is put aside. */
export const SUSPECT_ATTEMPTS = 5;
const PAUSE_FIRST_MS = 100;
const PAUSE_MOST_MS = 5_000;

/** What becomes of each record: accepted, put aside, or read again after a pause. */
export class Acceptance {
  /** Of records that failed and will come again, by place. */
  private readonly attempts = new Map<string, { all: number; suspect: number }>();

  constructor(private readonly parts: AcceptanceParts) {}

  /** Never throws. */
  async acceptBatch({ records }: RecordBatch): Promise<BatchOutcome> {
    let pauseMs: number | undefined;
    const next = await workInLanes(records, LANES, async (record) => {
      const wait = await this.accept(record);
      if (wait === undefined) return 'done';
      pauseMs = Math.max(wait, pauseMs ?? 0);
      return 'again';
    });
    return { next, ...(pauseMs === undefined ? {} : { pauseMs }) };
  }

  /** Answers how long to wait when the record must come again. */
  private async accept(record: IncomingRecord): Promise<number | undefined> {
    try {
      this.done(record, { topic: record.topic, outcome: await this.parts.handle(record) });
      return undefined;
    } catch (thrown) {
      const { verdict, error } = this.judge(record, thrown);
      return verdict === 'wait' ? this.again(record, error) : this.reject(record, error);
    }
  }

  private async reject(record: IncomingRecord, error: RehomeError): Promise<number | undefined> {
    const failure = error.toFailure();
    try {
      await this.tell(rejectionOf(record, failure));
      await this.parts.putAside(record, failure);
    } catch (thrown) {
      return this.again(record, this.judge(record, thrown).error);
    }
    this.parts.logger.warn({ record: placeOf(record), err: error }, 'record put aside');
    this.done(record, { topic: record.topic, outcome: 'rejected', reason: error.code });
    return undefined;
  }

  /** Before the dead letter, because it can be repeated without effect and the dead letter cannot. */
  private async tell(rejection: Rejection): Promise<void> {
    try {
      await this.parts.onRejected(rejection);
    } catch (thrown) {
      const { verdict, error } = this.judge(rejection.record, thrown);
      if (verdict === 'wait') throw error;
      this.parts.logger.error({ record: placeOf(rejection.record), err: error }, 'rejection not recorded');
    }
  }

  /** As `judgeFailure`, with the patience for unknown failures used up in the end. */
  private judge(record: IncomingRecord, thrown: unknown): { verdict: 'reject' | 'wait'; error: RehomeError } {
    const { verdict, error } = judgeFailure(thrown);
    if (verdict !== 'suspect') return { verdict, error };
    const suspect = (this.attempts.get(placeOf(record))?.suspect ?? 0) + 1;
    this.count(record, { suspect });
    if (suspect < SUSPECT_ATTEMPTS) return { verdict: 'wait', error };
    this.parts.logger.error(
      { record: placeOf(record), err: error, attempts: suspect },
      'handler fails for no known reason',
    );
    // Its own message stays in the log: nobody has looked at what it may quote.
    return {
      verdict: 'reject',
      error: new RehomeError('INTERNAL', `the handler failed ${String(suspect)} times`, { cause: thrown }),
    };
  }

  private again(record: IncomingRecord, error: RehomeError): number {
    const all = (this.attempts.get(placeOf(record))?.all ?? 0) + 1;
    this.count(record, { all });
    const pauseMs = backOffMs(all, PAUSE_FIRST_MS, PAUSE_MOST_MS);
    this.parts.logger.warn({ record: placeOf(record), err: error, attempt: all, pauseMs }, 'record waits');
    this.parts.observe?.({ topic: record.topic, outcome: 'again', reason: error.code });
    return pauseMs;
  }

  private count(record: IncomingRecord, change: { all?: number; suspect?: number }): void {
    const place = placeOf(record);
    this.attempts.set(place, { all: 0, suspect: 0, ...this.attempts.get(place), ...change });
  }

  private done(record: IncomingRecord, observation: Observation): void {
    this.attempts.delete(placeOf(record));
    this.parts.observe?.(observation);
  }
}
