import type { Failure } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { toStepId } from '#shared/contracts/ids.js';
import type { Phase, Plan, PlannedStep } from '#shared/contracts/plan.js';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import { STEP_VERSIONS, type StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf } from '#shared/contracts/steps/step-types.js';
import { splitParams, type WithReferences } from './from-step.js';
import { STEP_TRAITS } from './step-traits.js';

/** What a recipe works from: the request and the registry as they stood when it was asked. */
export interface RecipeRequest {
  readonly migrationId: string;
  /** What it is about; absent only where nothing is held. */
  readonly subject?: string;
  readonly title: string;
  /** `key:<name>` or `source:<ce_source>`. */
  readonly requestedBy?: string;
  readonly request: JsonObject;
  readonly registry: JsonObject;
}

/** The one command before a plan: reads facts, changes nothing. */
export interface InspectCommand {
  readonly kind: StepKind;
  readonly params: JsonObject;
  readonly timeoutMs: number;
  readonly site?: string;
}

/** A plan, or every reason why there is none. */
export type Compiled =
  | { readonly outcome: 'plan'; readonly plan: Plan }
  | { readonly outcome: 'refused'; readonly reasons: readonly Failure[]; readonly checks: readonly PreflightCheck[] };

/** How one kind of migration becomes steps. Pure: same request and facts, same plan. */
export interface Recipe {
  readonly kind: string;
  readonly version: number;
  /** Undefined when nothing needs to be read first. */
  inspect(request: RecipeRequest): InspectCommand | undefined;
  /** `facts` is the result of the inspection, undefined when there was none. */
  compile(request: RecipeRequest, facts: JsonObject | undefined): Compiled;
}

/** One step as a recipe writes it; what is left out follows from its kind. */
export interface StepDraft<K extends StepKind> {
  readonly kind: K;
  /** The kind when silent; needed when a kind stands several times. */
  readonly id?: string;
  readonly params: WithReferences<ParamsOf<K>>;
  readonly title: string;
  readonly phase: Phase;
  readonly timeoutMs: number;
  readonly down?: boolean;
  readonly pointOfNoReturn?: PlannedStep['pointOfNoReturn'];
  readonly site?: string | undefined;
}

/** A step before its place in the plan is known. */
export type UnplacedStep = Omit<PlannedStep, 'after'>;

/** Turns a draft into a step: version by kind, references parted from what is known. */
export function planStep<K extends StepKind>(draft: StepDraft<K>): UnplacedStep {
  return {
    id: toStepId(draft.id ?? draft.kind),
    kind: draft.kind,
    version: STEP_VERSIONS[draft.kind],
    ...splitParams(draft.params),
    phase: draft.phase,
    title: draft.title,
    ...STEP_TRAITS[draft.kind],
    down: draft.down ?? false,
    pointOfNoReturn: draft.pointOfNoReturn ?? 'before',
    timeoutMs: draft.timeoutMs,
    ...(draft.site === undefined ? {} : { site: draft.site }),
  };
}

/** Each step after the one before it. */
export function inSequence(steps: readonly UnplacedStep[]): PlannedStep[] {
  return steps.map((step, index) => {
    const previous = steps[index - 1];
    return { ...step, after: previous === undefined ? [] : [previous.id] };
  });
}
