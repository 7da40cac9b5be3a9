import type { Failure, PlanApproval, StepRunKey } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { Plan } from '#shared/contracts/plan.js';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { PolicyDefinition } from '#shared/contracts/registry.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';

/** What was asked for; only `registry` and `policies` are read anew when it waited. */
export interface RequestFacts {
  readonly migrationId: string;
  readonly kind: string;
  readonly subject: string;
  readonly title: string;
  readonly request: JsonObject;
  readonly registry: JsonObject;
  readonly policies: readonly PolicyDefinition[];
  readonly dryRun: boolean;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly correlationId: string;
  readonly traceparent?: string;
}

/** How far one run of a step has come. */
export type RunProgress =
  | { readonly status: 'commanded' | 'accepted' | 'running' }
  | { readonly status: 'retrying'; readonly failure: Failure; readonly retryAt?: string }
  | { readonly status: 'succeeded' | 'undone'; readonly result: JsonObject }
  | { readonly status: 'failed' | 'needs-decision'; readonly failure: Failure }
  | { readonly status: 'cancelled'; readonly reason: string }
  /** A person asked for another generation, which is not commanded yet. */
  | { readonly status: 'retry-requested'; readonly failure: Failure };

/** One run of a step: a direction and a generation of it. */
export interface StepRun {
  readonly key: StepRunKey;
  readonly kind: StepKind;
  readonly params: JsonObject;
  /** Of the run that an undo takes back. */
  readonly resultOfRun?: JsonObject;
  readonly version: number;
  readonly timeoutMs: number;
  readonly site?: string;
  readonly attempt: number;
  readonly cancelCommanded: boolean;
  readonly commandedAt: string;
  readonly startedAt?: string;
  /** Position of its first StepStarted: the order of execution. */
  readonly startedPosition?: bigint;
  readonly finishedAt?: string;
  readonly progress: RunProgress;
}

/** The plan with what has been decided about it. */
export interface PlannedFacts {
  readonly plan: Plan;
  readonly planHash: string;
  readonly passed: boolean;
  /** What it waits or waited for. */
  readonly approval?: PlanApproval;
  /** Why the point of no return counts as passed. */
  readonly passedBecause?: 'verified' | 'target-written';
}

/** Somebody wants the migration taken back. */
export interface StopRequest {
  readonly by: 'cancel' | 'rollback';
  readonly reason: string;
}

export interface Compensation {
  readonly because: Failure;
  /** Steps in the order in which they are undone. */
  readonly stepIds: readonly string[];
}

export interface Leftover {
  readonly stepId: string;
  readonly failure: Failure;
}

/** A time that the ledger remembers for us. Names are unique within a migration. */
export interface Timer {
  readonly timer: string;
  readonly dueAt: string;
  readonly fired: boolean;
}

/** Time without the application, from recorded times: whole ms. */
export interface Downtime {
  /** Epoch ms when it went down; undefined while it runs. */
  readonly sinceMs: number | undefined;
  readonly totalMs: number;
}

/** What every migration that was asked for has. */
export interface Common {
  readonly request: RequestFacts;
  /** Of the newest event folded, on whichever stream: new events derive their ids from it. */
  readonly position: bigint;
  readonly lastEventId: string;
  readonly lastAt: string;
  /** Of the migration's own stream: expected by the next append. */
  readonly version: number;
  /** In the order they were commanded. */
  readonly runs: readonly StepRun[];
  readonly timers: readonly Timer[];
  /** It waited, and its registry entries have not been read anew since. */
  readonly stale: boolean;
  readonly downtime: Downtime;
  readonly planned: PlannedFacts | undefined;
  readonly stop: StopRequest | undefined;
  readonly compensation: Compensation | undefined;
}

type Planned = Common & { readonly planned: PlannedFacts };

export type MigrationState =
  | { readonly status: 'unknown' }
  | (Common & { readonly status: 'requested' })
  | (Common & { readonly status: 'scheduled'; readonly runAt: string })
  | (Common & { readonly status: 'inspecting' })
  | (Common & {
      readonly status: 'refused';
      readonly reasons: readonly Failure[];
      readonly checks: readonly PreflightCheck[];
    })
  | (Planned & { readonly status: 'awaiting-approval' })
  | (Planned & { readonly status: 'migrating' })
  | (Planned & { readonly status: 'paused' })
  | (Planned & { readonly status: 'compensating'; readonly compensation: Compensation })
  | (Planned & { readonly status: 'completed'; readonly result: JsonObject; readonly downtimeMs: number })
  | (Common & {
      readonly status: 'rolled-back';
      readonly because: Failure;
      readonly downtimeMs: number;
      readonly leftovers: readonly Leftover[];
    })
  | (Common & { readonly status: 'cancelled'; readonly reason: string; readonly downtimeMs: number })
  | (Common & { readonly status: 'halted'; readonly at: string; readonly because: Failure });

export type MigrationStatus = MigrationState['status'];
export type StateOf<S extends MigrationStatus> = Extract<MigrationState, { readonly status: S }>;
export type KnownState = Exclude<MigrationState, { readonly status: 'unknown' }>;

export const initialState: MigrationState = { status: 'unknown' };

/** Ids of the steps that stand outside a plan. */
export const INSPECT_STEP = 'inspect';
export const DESCRIBE_STEP = 'describe-plan';

const TERMINAL: readonly MigrationStatus[] = ['refused', 'completed', 'rolled-back', 'cancelled'];

/** Nothing will follow. A halted migration is not over: a person decides. */
export function isOver(state: MigrationState): boolean {
  return TERMINAL.includes(state.status);
}
