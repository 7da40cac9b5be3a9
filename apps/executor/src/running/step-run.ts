import type { StepRunKey } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';

export const STEP_RUN_STATES = [
  'accepted',
  'running',
  'waiting',
  'succeeded',
  'undone',
  'failed',
  'cancelled',
  'needs-decision',
] as const;
export type StepRunState = (typeof STEP_RUN_STATES)[number];

/** One row of executor.step_run, as a runner needs it. */
export interface StepRun {
  readonly key: StepRunKey;
  readonly kind: string;
  readonly version: number;
  readonly params: JsonObject;
  readonly result: JsonObject | undefined;
  readonly state: StepRunState;
  readonly attempt: number;
  readonly fence: number;
  /** Who holds or held the lease. */
  readonly owner: string | undefined;
  readonly site: string | undefined;
  readonly correlationId: string;
  readonly commandId: string;
  /** Of the command: the span in which it was decided. */
  readonly traceparent?: string;
  readonly cancelRequested: boolean;
  /** Until the deadline, by the database's clock; negative when it has passed. */
  readonly remainingMs: number;
}
