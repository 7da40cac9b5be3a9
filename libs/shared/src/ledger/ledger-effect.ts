import type { StepRunKey } from '../contracts/events.js';
import type { JsonObject } from '../contracts/json.js';

/** A run of a step as its executor first keeps it. */
export interface AcceptedRun extends StepRunKey {
  readonly kind: string;
  readonly version: number;
  readonly params: JsonObject;
  /** Of the run, when the direction is undo and the run had succeeded. */
  readonly result?: JsonObject;
  readonly timeoutMs: number;
  readonly site?: string;
  readonly correlationId: string;
  /** Decimal position of StepCommanded, when it is known. */
  readonly commandPosition?: string;
  /** Concurrency budget that a running attempt uses up; the last capacity said wins. */
  readonly slot?: { readonly key: string; readonly capacity: number };
}

/** Takes a command into the inbox and makes its run. Refused `duplicate`. */
export interface AcceptEffect {
  readonly effect: 'accept';
  readonly commandId: string;
  readonly run: AcceptedRun;
}

/**
 * Takes a run under a lease by database time, with fence = expectedFence + 1 and attempt + 1. Refused
 * `not-claimable` {state, fence, owner} or `no-slot` {slot, capacity, running}.
 */
export interface ClaimEffect {
  readonly effect: 'claim';
  readonly key: StepRunKey;
  readonly owner: string;
  readonly expectedFence: number;
  readonly ttlMs: number;
}

export type FinishedState = 'succeeded' | 'undone' | 'failed' | 'cancelled' | 'needs-decision' | 'waiting';

/** Ends an attempt. Refused `stale-fence` {state, fence, owner} when the run is not running under this fence. */
export interface FinishEffect {
  readonly effect: 'finish';
  readonly key: StepRunKey;
  readonly fence: number;
  readonly state: FinishedState;
  /** With `waiting`: claimable again after this time. */
  readonly retryAfterMs?: number;
}

/** Moves a leased reader's cursor. Refused `stale-fence` {fence, owner} or `backwards` {position}. */
export interface CursorEffect {
  readonly effect: 'cursor';
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
  /** Decimal. */
  readonly position: string;
}

/** Keeps the answer to a request. Refused `same-body` {answer} or `other-body`. */
export interface IdempotencyEffect {
  readonly effect: 'idempotency';
  readonly scope: string;
  readonly key: string;
  readonly bodyHash: string;
  readonly answer: JsonObject;
}

/** Holds subjects for a migration, all or none. Refused `busy` {subject, holder}. */
export interface ReserveEffect {
  readonly effect: 'reserve';
  readonly migrationId: string;
  readonly subjects: readonly string[];
}

/** Lets go of everything a migration holds. */
export interface ReleaseEffect {
  readonly effect: 'release';
  readonly migrationId: string;
}

/**
 * What an item does to its service's own tables, in the same transaction as its events.
 * Executor: accept, claim, finish, cursor. Planner: cursor, idempotency, reserve, release.
 */
export type LedgerEffect =
  AcceptEffect | ClaimEffect | FinishEffect | CursorEffect | IdempotencyEffect | ReserveEffect | ReleaseEffect;
