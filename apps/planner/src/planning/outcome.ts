import type { InstanceLocation } from '#shared/contracts/events.js';
import type { DbType } from '#shared/contracts/registry.js';
import type { JsonObject } from '#shared/contracts/json.js';

/** One end of a move. A database that belongs to no instance is neither shared nor dedicated. */
export type MoveLocation = Omit<InstanceLocation, 'dbType'> & { readonly dbType?: DbType };

/** `Plan.outcome` of a move: what the record says when the point of no return has passed. */
export interface MoveOutcome {
  readonly type: 'move';
  /** Absent for a database that belongs to no instance: there is no record to switch. */
  readonly instanceId?: string;
  /** Subscription plan of the instance after the move. */
  readonly plan?: string;
  /** At the source; also at the target, unless `to` says another. */
  readonly database: string;
  readonly from: MoveLocation;
  /** Absent when only the provisioner's answer will tell. */
  readonly to?: MoveLocation;
  /** Of a return: the move that it takes back. */
  readonly returns?: string;
}

/** `Plan.outcome` of a retirement: what will be gone. */
export interface RetireOutcome {
  readonly type: 'retire';
  readonly server: string;
  readonly database: string;
  readonly backupId: string;
  /** Size of the database, as it was inspected. */
  readonly bytes?: string;
  /** The move that had put it aside. */
  readonly movedBy: string;
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

/** `Plan.outcome` of a rehearsal: what its steps stand for, and what cannot be measured without stopping anything. */
export interface RehearsalOutcome {
  readonly type: 'rehearsal';
  /** Kinds of the steps of the real plan, by the kind that was measured instead. */
  readonly standsFor: Readonly<Record<string, readonly string[]>>;
  /** Steps of the real plan that would run while the application is down, with what each is counted as. */
  readonly assumed: readonly { readonly kind: string; readonly ms: number }[];
  /** The real plan takes no application down; it does when absent. */
  readonly down?: false;
  readonly maxDowntimeMs?: number;
}

/** A database of a project in an outcome, with the steps whose answers are about it. */
export interface DatabaseOutcome {
  readonly alias: string;
  readonly server: string;
  readonly database: string;
  readonly steps: readonly string[];
}

/** `Plan.outcome` of an apply: the answers of each database's steps are the result. */
export interface ApplyOutcome {
  readonly type: 'apply';
  readonly project: string;
  readonly digest: string;
  readonly databases: readonly DatabaseOutcome[];
  /** Reason by alias. */
  readonly leftOut: Readonly<Record<string, string>>;
}

/** `Plan.outcome` of a revert. */
export interface RevertOutcome {
  readonly type: 'revert';
  readonly project: string;
  readonly digest: string;
  readonly alias: string;
  readonly server: string;
  readonly database: string;
  /** `app/version_name`. */
  readonly migration: string;
  readonly by: 'down-script' | 'emergency-script' | 'restore';
  /** Of a restore: the backup that took the database's place. */
  readonly restored?: string;
}

/** `Plan.outcome` of a validation. */
export interface ValidateOutcome {
  readonly type: 'validate';
  readonly project: string;
  readonly digest: string;
  readonly databases: readonly DatabaseOutcome[];
}

/** `Plan.outcome` of a look at the health of a project. */
export interface HealthOutcome {
  readonly type: 'health';
  readonly project: string;
  readonly digest: string;
}

/** One arm per kind of outcome; `migration/completion.ts` says what comes of it at the end. */
export interface OutcomeTypes {
  move: MoveOutcome;
  resize: ResizeOutcome;
  retire: RetireOutcome;
  backup: BackupOutcome;
  rehearsal: RehearsalOutcome;
  apply: ApplyOutcome;
  revert: RevertOutcome;
  validate: ValidateOutcome;
  health: HealthOutcome;
}

export type PlanOutcome = OutcomeTypes[keyof OutcomeTypes];

const OUTCOME_TYPES: Readonly<Record<keyof OutcomeTypes, true>> = {
  move: true,
  resize: true,
  retire: true,
  backup: true,
  rehearsal: true,
  apply: true,
  revert: true,
  validate: true,
  health: true,
};

/**
 * Reads what a recipe wrote into its plan.
 * @throws RangeError for an outcome that no recipe writes.
 */
export function readOutcome(outcome: JsonObject): PlanOutcome {
  const type = outcome['type'];
  if (typeof type === 'string' && Object.hasOwn(OUTCOME_TYPES, type)) return outcome as unknown as PlanOutcome;
  throw new RangeError(`no recipe writes an outcome of type ${JSON.stringify(type)}`);
}
