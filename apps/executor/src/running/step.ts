import type { StepAttempt } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { StepDescription } from '#shared/contracts/plan.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf, ResultOf } from '#shared/contracts/steps/step-types.js';
import type { StepTools } from './step-tools.js';

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

/** The right to change things, for a limited time. */
export interface StepLease {
  /**
   * Call right before each effect.
   * @throws RehomeError LEASE_LOST when another executor may own the step by now; the reason of the abort when the step was aborted.
   */
  check(): Promise<void>;
}

/** What a step is given for one attempt. */
export interface StepContext<K extends StepKind> {
  readonly params: ParamsOf<K>;
  readonly run: StepAttempt;
  /** Of the run, when it is undone; absent when the run never succeeded, its effects may be there all the same. */
  readonly result?: ResultOf<K>;
  /** Aborted by cancel, time-out, shutdown or a lost lease; its reason is a RehomeError or a StepReleased. */
  readonly signal: AbortSignal;
  readonly lease: StepLease;
  readonly tools: StepTools;
  progress(progress: Progress): void;
}

/**
 * What stands in the world before an attempt. `partial`: interrupted, run() may go on or begin anew.
 * `unknown` stops for a person: nobody guesses.
 */
export type Probe<R> =
  | { readonly state: 'not-started' }
  | { readonly state: 'done'; readonly result: R }
  | { readonly state: 'partial'; readonly detail: string }
  | { readonly state: 'unknown'; readonly detail: string };

export interface Irreversible {
  readonly irreversibleBecause: string;
}

/** Declares that a step has no way back; its undo fails with STEP_IRREVERSIBLE and this reason. */
export function irreversible(because: string): Irreversible {
  return { irreversibleBecause: because };
}

interface UndoMethod<K extends StepKind> {
  undo(context: StepContext<K>): Promise<JsonObject>;
}

export type DescriptionLine = StepDescription['lines'][number];

/**
 * One unit of database work as five answers. Every one of them may be asked again after a crash at any
 * line: run() continues or repeats what probe() finds, undo() takes back whatever of it is there.
 */
export interface Step<K extends StepKind> {
  readonly kind: K;
  /** Never changes anything: what a dead attempt left running can have no effect, so nothing has to be ended first. */
  readonly readsOnly?: true;
  /** Reads only, the first attempt too. */
  probe(context: StepContext<K>): Promise<Probe<ResultOf<K>>>;
  run(context: StepContext<K>): Promise<ResultOf<K>>;
  /** Looks again, independently of run(); throws when the result does not hold. */
  verify(context: StepContext<K>, result: ResultOf<K>): Promise<void>;
  readonly undo: UndoMethod<K>['undo'] | Irreversible;
  /** The exact SQL, commands and calls, with placeholders such as `$PASSWORD` for secrets. */
  describe(params: ParamsOf<K>): DescriptionLine[];
}
