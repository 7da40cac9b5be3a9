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

/** `Plan.outcome` of what concerns backups: the answers of the steps are the result. */
export interface BackupOutcome {
  readonly type: 'backup';
}

/** One arm per kind of outcome; `migration/completion.ts` says what comes of it at the end. */
export interface OutcomeTypes {
  move: MoveOutcome;
  resize: ResizeOutcome;
  backup: BackupOutcome;
}

export type PlanOutcome = OutcomeTypes[keyof OutcomeTypes];

const OUTCOME_TYPES: Readonly<Record<keyof OutcomeTypes, true>> = { move: true, resize: true, backup: true };

/**
 * Reads what a recipe wrote into its plan.
 * @throws RangeError for an outcome that no recipe writes.
 */
export function readOutcome(outcome: JsonObject): PlanOutcome {
  const type = outcome['type'];
  if (typeof type === 'string' && Object.hasOwn(OUTCOME_TYPES, type)) return outcome as unknown as PlanOutcome;
  throw new RangeError(`no recipe writes an outcome of type ${JSON.stringify(type)}`);
}
