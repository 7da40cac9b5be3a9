import type { Failure, PlanApproval } from './events.js';
import type { JsonObject } from './json.js';
import type { Phase, Plan, PlannedStep, StepDescription } from './plan.js';
import type { PreflightCheck } from './preflight.js';

/** Every status a migration can have. */
export const MIGRATION_STATUSES = [
  'requested',
  'scheduled',
  'inspecting',
  'refused',
  'awaiting-approval',
  'migrating',
  'paused',
  'compensating',
  'completed',
  'rolled-back',
  'cancelled',
  'halted',
] as const;
export type MigrationStatus = (typeof MIGRATION_STATUSES)[number];

/** Nothing happens by itself any more; a person may still decide about a halted one. */
export function isAtRest(status: MigrationStatus): boolean {
  return ['refused', 'completed', 'rolled-back', 'cancelled', 'halted'].includes(status);
}

/** How far a running step has come. */
export interface StepProgress {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

export type StepViewStatus =
  | 'waiting'
  | 'commanded'
  | 'accepted'
  | 'running'
  | 'retrying'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'needs-decision'
  | 'undoing'
  | 'undone'
  | 'undo-failed';

export interface StepView {
  readonly id: string;
  readonly kind: string;
  readonly phase: Phase | 'inspect';
  readonly title: string;
  readonly status: StepViewStatus;
  readonly down: boolean;
  readonly attempt: number;
  readonly generation: number;
  readonly progress: StepProgress | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly error: Failure | null;
}

/** Body of `GET /v1/migrations/{id}`. */
export interface MigrationView {
  readonly migrationId: string;
  readonly kind: string;
  readonly status: MigrationStatus;
  readonly subject: string;
  readonly title: string;
  readonly requestedBy: string;
  readonly dryRun: boolean;
  readonly request: JsonObject;
  readonly plan: Plan | null;
  readonly planHash: string | null;
  /** What the plan waits or waited for; null when nobody has to approve it. */
  readonly approval: PlanApproval | null;
  readonly warnings: readonly string[];
  readonly checks: readonly PreflightCheck[];
  readonly steps: readonly StepView[];
  readonly downtimeMs: number;
  readonly pointOfNoReturnPassed: boolean;
  readonly result: JsonObject | null;
  /** Why it was refused, is being or was taken back, or halted. */
  readonly reasons: readonly Failure[];
  /** Step at which a person must decide. */
  readonly haltedAt: string | null;
  readonly leftovers: readonly { readonly stepId: string; readonly failure: Failure }[];
  readonly runAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Of the newest event in this answer, decimal. */
  readonly position: string;
}

/** Answer of `POST /v1/migrations`. */
export interface AcceptedAnswer {
  readonly migrationId: string;
  /** The tenant, when the request names one. */
  readonly instanceId?: string;
  readonly status: 'migrating' | 'requested';
  /** One sentence for people. */
  readonly message: string;
  readonly links: Readonly<Record<string, string>>;
}

/** Answer of `POST /v1/migrations/{id}/approve` and the like. */
export interface ActionAnswer {
  readonly migrationId: string;
  readonly status: string;
  readonly links: Readonly<Record<string, string>>;
}

/** A migration as a list shows it. */
export type MigrationSummaryAnswer = Pick<
  MigrationView,
  'migrationId' | 'kind' | 'subject' | 'title' | 'requestedBy' | 'dryRun' | 'createdAt' | 'updatedAt' | 'position'
> & { readonly status: string };

/** `{items, next}`: `next` is the `after` of the next page, null at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** A planned step with what it would say to which server. */
export type DescribedStep = Pick<PlannedStep, 'kind' | 'title' | 'down' | 'reversible'> & {
  readonly id: string;
  readonly phase: string;
  readonly pointOfNoReturn: string;
  readonly after: readonly string[];
  readonly lines: StepDescription['lines'];
};

/** Answer of `POST /v1/plans`. */
export interface PlanAnswer {
  readonly planId: string;
  readonly status: string;
  readonly title: string;
  readonly plan: Plan | null;
  readonly planHash: string | null;
  /** What the plan waits or waited for; null when nobody has to approve it. */
  readonly approval: PlanApproval | null;
  readonly steps: readonly DescribedStep[];
  readonly checks: readonly PreflightCheck[];
  readonly warnings: readonly string[];
  readonly reasons: readonly Failure[];
  readonly links: Readonly<Record<string, string>>;
}

/** An event as REST shows it: a line of NDJSON, or the data of a live event. */
export interface EventAnswer {
  /** Decimal. */
  readonly position: string;
  readonly stream: string;
  readonly streamVersion: number;
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly recordedAt: string;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
  readonly hash: string;
  readonly prevHash: string;
}

/** An event with everything its hash covers. */
export interface AuditAnswer extends EventAnswer {
  readonly ledgerId: string;
  readonly dataText: string;
  readonly metadataText: string;
}
