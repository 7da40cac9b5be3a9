import type { ErrorCode } from '../errors/error-codes.js';
import type { JsonObject } from './json.js';
import type { Plan } from './plan.js';
import type { PreflightCheck } from './preflight.js';
import type {
  DbType,
  EntitlementsDefinition,
  InstanceDefinition,
  PolicyDefinition,
  SecretRef,
  ServerDefinition,
  ServiceDefinition,
  SourceDefinition,
} from './registry.js';
import type { StepKind } from './steps/step-kinds.js';

export type StepDirection = 'run' | 'undo';

/** Which run of which step an outcome speaks of. */
export interface StepRunKey {
  readonly migrationId: string;
  readonly stepId: string;
  readonly direction: StepDirection;
  /** From 1; rises with each retry by a person. */
  readonly generation: number;
}

/** One try at a run, under one fence. */
export interface StepAttempt extends StepRunKey {
  readonly attempt: number;
  /** Decimal, rises with each claim. */
  readonly fence: number;
}

/** What went wrong: facts, never a secret. */
export interface Failure {
  readonly code: ErrorCode;
  /** What, where and what to do. */
  readonly detail: string;
  readonly sqlState?: string;
  readonly facts?: JsonObject;
}

/** Every event by name. Only ever extended with optional fields; a changed meaning is a new version. */
export interface EventTypes {
  MigrationRequested: {
    readonly migrationId: string;
    readonly kind: string;
    readonly subject: string;
    readonly request: JsonObject;
    readonly dryRun: boolean;
    readonly requestedBy: string;
    readonly title: string;
    /** `migrating` when an upgrade's entitlements require a move. */
    readonly answerStatus: 'migrating' | 'requested';
    /** Registry entries as they stood when it was asked: the recipe compiles from them, not from a later registry. */
    readonly registry: JsonObject;
    /** Every policy of that time; which of them match is known when there is a plan. */
    readonly policies?: readonly PolicyDefinition[];
  };
  /** It waited: what it compiles from is now this, no longer what stands in its request. */
  RegistryRefreshed: {
    readonly migrationId: string;
    readonly registry: JsonObject;
    readonly policies: readonly PolicyDefinition[];
  };
  MigrationScheduled: { readonly migrationId: string; readonly runAt: string };
  PlanCompiled: {
    readonly migrationId: string;
    readonly plan: Plan;
    readonly planHash: string;
    /** It waits for a person; absent when nobody asked for that. */
    readonly approval?: PlanApproval;
  };
  PlanRefused: {
    readonly migrationId: string;
    readonly reasons: readonly Failure[];
    readonly checks: readonly PreflightCheck[];
  };
  PlanApproved: {
    readonly migrationId: string;
    readonly planHash: string;
    readonly approvedBy: string;
    readonly reason?: string;
    /** Who asked for it: with four eyes, another than who approved. */
    readonly requestedBy?: string;
    readonly fourEyes?: boolean;
  };
  StepCommanded: StepRunKey & {
    readonly kind: StepKind;
    readonly version: number;
    readonly params: JsonObject;
    readonly timeoutMs: number;
    readonly site?: string;
    readonly planHash?: string;
    /** Of the run, when the direction is undo and the run had succeeded. */
    readonly result?: JsonObject;
  };
  StepCancelCommanded: StepRunKey & { readonly reason: string };
  StepAccepted: StepRunKey & { readonly kind: StepKind; readonly commandId: string };
  StepStarted: StepAttempt & { readonly kind: StepKind; readonly owner: string; readonly site?: string };
  StepSucceeded: StepAttempt & {
    readonly kind: StepKind;
    readonly result: JsonObject;
    readonly durationMs: number;
    /** The probe found it done: nothing was changed by this attempt. */
    readonly alreadyDone: boolean;
  };
  StepUndone: StepAttempt & {
    readonly kind: StepKind;
    readonly durationMs: number;
    /** What the undo saw, such as `{"targetUnchanged": true}`. */
    readonly result: JsonObject;
  };
  StepFailed: StepAttempt & {
    readonly kind: StepKind;
    readonly failure: Failure;
    /** False: the runner tries again at `retryAt`. */
    readonly final: boolean;
    readonly retryAt?: string;
  };
  StepCancelled: StepAttempt & { readonly kind: StepKind; readonly reason: string };
  StepNeedsDecision: StepAttempt & { readonly kind: StepKind; readonly failure: Failure };
  StepLeaseLost: StepAttempt & { readonly kind: StepKind; readonly owner: string };
  /** Somebody sent a command that the planner did not sign. It says nothing of the run that the command names. */
  StepCommandRefused: {
    readonly commandId: string;
    /** The run that it names. Not the event's own fields: nobody may take this for an outcome of that run. */
    readonly named: StepRunKey;
    readonly reason: Failure;
    /** Of the key that it claims to be signed with. */
    readonly keyId?: string;
  };
  StepResolved: StepRunKey & {
    readonly outcome: 'done' | 'not-done' | 'failed';
    readonly note: string;
    readonly resolvedBy: string;
  };
  StepRetryRequested: StepRunKey & { readonly requestedBy: string; readonly reason?: string };
  CompensationStarted: { readonly migrationId: string; readonly because: Failure; readonly stepIds: readonly string[] };
  RollbackRequested: { readonly migrationId: string; readonly reason: string; readonly requestedBy: string };
  PointOfNoReturnPassed: {
    readonly migrationId: string;
    readonly stepId: string;
    readonly because: 'verified' | 'target-written';
  };
  MigrationPaused: { readonly migrationId: string; readonly requestedBy: string; readonly reason: string };
  MigrationResumed: { readonly migrationId: string; readonly requestedBy: string; readonly reason?: string };
  MigrationCancelRequested: { readonly migrationId: string; readonly requestedBy: string; readonly reason: string };
  TimerSet: { readonly migrationId: string; readonly timer: string; readonly dueAt: string };
  TimerFired: { readonly migrationId: string; readonly timer: string };
  MigrationCompleted: { readonly migrationId: string; readonly result: JsonObject; readonly downtimeMs: number };
  MigrationRolledBack: {
    readonly migrationId: string;
    readonly because: Failure;
    readonly downtimeMs: number;
    /** Undone steps, and clean-ups that failed and stay for a person. */
    readonly undone: readonly string[];
    readonly leftovers: readonly { readonly stepId: string; readonly failure: Failure }[];
  };
  MigrationCancelled: { readonly migrationId: string; readonly reason: string; readonly downtimeMs: number };
  MigrationHalted: { readonly migrationId: string; readonly at: string; readonly because: Failure };
  CommandRejected: {
    readonly reason: Failure;
    readonly source: string;
    readonly requestId: string;
    readonly topic?: string;
    readonly partition?: number;
    readonly offset?: string;
  };
  InstanceRegistered: InstanceDefinition;
  InstanceMoved: {
    readonly instanceId: string;
    readonly migrationId: string;
    readonly plan: string;
    readonly from: InstanceLocation;
    readonly to: InstanceLocation;
  };
  InstanceResized: {
    readonly instanceId: string;
    readonly migrationId: string;
    readonly plan: string;
    readonly cpu?: number;
    readonly memory?: string;
    readonly storage?: string;
  };
  ServerRegistered: ServerDefinition;
  ServiceRegistered: ServiceDefinition;
  EntitlementsSet: EntitlementsDefinition;
  SourceRegistered: SourceDefinition;
  PolicySet: PolicyDefinition;
  ProjectRegistered: {
    readonly name: string;
    readonly digest: string;
    /** Aliases, in the order they are migrated. */
    readonly databases?: readonly string[];
    /** How many it holds. */
    readonly migrations?: number;
  };
  HealthChanged: { readonly subject: string; readonly healthy: boolean; readonly detail: string };
}

/** Why a plan waits for an approval. */
export interface PlanApproval {
  /** Names of the policies that ask for it, none when only the request does. */
  readonly policies: readonly string[];
  /** The approver must be another than who asked. */
  readonly fourEyes: boolean;
}

/** Where a tenant lives: the record that is switched after the point of no return, both ways kept. */
export interface InstanceLocation {
  readonly dbServerId: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly dbType: DbType;
  readonly secretRef?: SecretRef;
  /** Absent when the move kept its name, as an upgrade does. */
  readonly database?: string;
}

export type EventName = keyof EventTypes;

/** Written with every event beside its data. */
export interface EventMetadata {
  /** The publisher's `ce_id`, or the migration id of a REST request. */
  readonly correlationId: string;
  /** Id of the event or request that led to this one. */
  readonly causationId: string;
  /** `key:<name>` of an API key, `source:<ce_source>`, `planner` or `executor:<owner>`. */
  readonly actor: string;
  readonly traceparent?: string;
  /** Of commands only: proof that the planner wrote them. */
  readonly signature?: CommandSignature;
}

/** Ed25519 over the command: its event id, type and data. */
export interface CommandSignature {
  /** First 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
  readonly keyId: string;
  /** base64. */
  readonly value: string;
}

/** An event about to be appended. */
export type NewEvent = { [N in EventName]: NewEventOf<N> }[EventName];

export interface NewEventOf<N extends EventName> {
  /** UUID; the same id again is the same event. */
  readonly eventId: string;
  readonly type: N;
  readonly schemaVersion: number;
  readonly data: EventTypes[N];
  readonly metadata: EventMetadata;
}

/** An event as the ledger holds it. `hash`, `prevHash` lower-case hex; `recordedAt` with microseconds, UTC. */
export type LedgerEvent = { [N in EventName]: LedgerEventOf<N> }[EventName];

export interface LedgerEventOf<N extends EventName> extends NewEventOf<N> {
  readonly position: bigint;
  readonly stream: string;
  readonly streamVersion: number;
  readonly recordedAt: string;
  /** Exact text that the hash covers. */
  readonly dataText: string;
  readonly metadataText: string;
  readonly prevHash: string;
  readonly hash: string;
}

/** Events that executors receive as commands. */
export const COMMAND_EVENTS = ['StepCommanded', 'StepCancelCommanded'] as const satisfies readonly EventName[];

/** Nothing follows them on a migration's stream; they release its reservations. */
export const TERMINAL_EVENTS = [
  'PlanRefused',
  'MigrationCompleted',
  'MigrationRolledBack',
  'MigrationCancelled',
] as const satisfies readonly EventName[];
