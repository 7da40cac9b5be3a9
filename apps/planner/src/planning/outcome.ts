import type { InstanceLocation } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';

/** `Plan.outcome` of a move: what the record says when the point of no return has passed. */
export interface MoveOutcome {
  readonly type: 'move';
  readonly instanceId: string;
  /** Subscription plan after the move. */
  readonly plan: string;
  readonly database: string;
  readonly from: InstanceLocation;
}

/** `Plan.outcome` of a change of resources without a move. */
export interface ResizeOutcome {
  readonly type: 'resize';
  readonly instanceId: string;
  readonly plan: string;
  readonly cpu?: number;
  readonly memory?: string;
  readonly storage?: string;
}

export type PlanOutcome = MoveOutcome | ResizeOutcome;

/**
 * Reads what a recipe wrote into its plan.
 * @throws RangeError for an outcome that no recipe writes.
 */
export function readOutcome(outcome: JsonObject): PlanOutcome {
  if (outcome['type'] === 'move' || outcome['type'] === 'resize') return outcome as unknown as PlanOutcome;
  throw new RangeError(`no recipe writes an outcome of type ${JSON.stringify(outcome['type'])}`);
}
