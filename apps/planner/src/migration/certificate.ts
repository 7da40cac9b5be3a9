import type { PlannedStep } from '#shared/contracts/plan.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { MoveLocation, MoveOutcome } from '../planning/outcome.js';
import { checklistOf, type ChecklistItem } from './checklist.js';
import type { Common, PlannedFacts } from './migration-state.js';
import { answerOf } from './step-result.js';
import { targetLocation } from './switch-record.js';

/** What the usual way of moving a tenant by hand costs (source c): 5 to 15 minutes. */
export const USUAL_DOWNTIME_MS = { from: 300_000, to: 900_000 } as const;

type Location = MoveLocation & { readonly database: string };

interface ConfigChange {
  readonly path: string | undefined;
  readonly changedKeys: readonly string[];
  readonly hostBefore: string | null;
  readonly hostAfter: string | null;
  readonly hashBefore: string | undefined;
  readonly hashAfter: string | undefined;
}

/** The evidence of a finished move, drawn from its events alone. */
export interface Certificate {
  readonly certificateVersion: 1;
  readonly migrationId: string;
  readonly title: string;
  /** Both absent for a database that belongs to no instance. */
  readonly instanceId?: string;
  readonly plan?: string;
  readonly planHash: string;
  readonly requestedAt: string;
  readonly before: Location;
  readonly after: Location | null;
  /** Of a return: the move that it took back. */
  readonly returns?: string;
  /** Null where nothing was copied. */
  readonly verification: {
    readonly tables: number;
    readonly rows: string;
    readonly sequences: number;
    readonly largeObjects: number;
    readonly objects: number;
    readonly mismatches: number;
    readonly contentDigest: string | null;
    readonly structureDigest: string | null;
  } | null;
  /** Null where no service of ours uses the database. */
  readonly connections: {
    readonly old: number;
    readonly new: number;
    readonly states: Readonly<Record<string, number>>;
  } | null;
  readonly backup: {
    readonly backupId: string | null;
    readonly label: string | null;
    readonly bytes: string | null;
    readonly manifestHash: string | null;
  };
  readonly configFiles: readonly ConfigChange[];
  readonly retiredAs: string | null;
  readonly downtimeMs: number;
  readonly usualDowntimeMs: typeof USUAL_DOWNTIME_MS;
  readonly checklist: readonly ChecklistItem[];
}

/** Writes the certificate of a move whose every step is done [c19 c20 c21]. */
export function certify(
  state: Common & { readonly planned: PlannedFacts },
  outcome: MoveOutcome,
  downtimeMs: number,
): Certificate {
  const { request, planned } = state;
  const { database, instanceId, plan, returns } = outcome;
  const to = targetLocation(state, outcome);
  return {
    certificateVersion: 1,
    migrationId: request.migrationId,
    title: request.title,
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(plan === undefined ? {} : { plan }),
    planHash: planned.planHash,
    requestedAt: request.requestedAt,
    before: { ...outcome.from, database },
    after: to === undefined ? null : { ...to, database: to.database ?? database },
    ...(returns === undefined ? {} : { returns }),
    verification: hasStep(planned, 'verify-copy') ? verificationOf(state) : null,
    connections: hasStep(planned, 'verify-connections') ? connectionsOf(state) : null,
    backup: backupOf(state),
    configFiles: configStepsOf(planned).map((step) => configChange(state, step)),
    retiredAs: answerOf(state, 'retire-source')?.retiredName ?? null,
    downtimeMs,
    usualDowntimeMs: USUAL_DOWNTIME_MS,
    checklist: checklistOf(state, outcome, downtimeMs),
  };
}

function hasStep({ plan }: PlannedFacts, kind: StepKind): boolean {
  return plan.steps.some((step) => step.kind === kind);
}

function verificationOf(state: Common): Certificate['verification'] {
  const answer = answerOf(state, 'verify-copy') ?? {};
  return {
    tables: answer.tables ?? 0,
    rows: answer.rows ?? '0',
    sequences: answer.sequences ?? 0,
    largeObjects: answer.largeObjects ?? 0,
    objects: answer.objects ?? 0,
    mismatches: answer.mismatches ?? 0,
    contentDigest: answer.contentDigest ?? null,
    structureDigest: answer.structureDigest ?? null,
  };
}

function connectionsOf(state: Common): Certificate['connections'] {
  const answer = answerOf(state, 'verify-connections') ?? {};
  return { old: answer.old ?? 0, new: answer.new ?? 0, states: answer.states ?? {} };
}

function backupOf(state: Common): Certificate['backup'] {
  const { backupId, label, bytes, manifestHash } = answerOf(state, 'dump-database') ?? {};
  return {
    backupId: backupId ?? null,
    label: label ?? null,
    bytes: bytes ?? null,
    manifestHash: manifestHash ?? null,
  };
}

function configStepsOf({ plan }: PlannedFacts): PlannedStep[] {
  return plan.steps.filter((step) => step.kind === 'edit-config');
}

function configChange(state: Common, step: PlannedStep): ConfigChange {
  const answer = answerOf(state, 'edit-config', step.id) ?? {};
  return {
    path: answer.path,
    changedKeys: answer.changedKeys ?? [],
    hostBefore: answer.hostBefore ?? null,
    hostAfter: answer.hostAfter ?? null,
    hashBefore: answer.hashBefore,
    hashAfter: answer.hashAfter,
  };
}
