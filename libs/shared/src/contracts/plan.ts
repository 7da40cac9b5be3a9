import type { JsonObject } from './json.js';
import type { StepId } from './ids.js';
import type { PreflightCheck } from './preflight.js';
import type { StepKind } from './steps/step-kinds.js';

/** A value that only an earlier step's result knows. `path` is dotted: `connection.host`. */
export interface StepInput {
  readonly fromStep: StepId;
  readonly path: string;
}

/** Phases in the order of a cutover plan; the name is shown to people. */
export const PHASES = ['prepare', 'cutover', 'switch', 'finish'] as const;
export type Phase = (typeof PHASES)[number];

export interface PlannedStep {
  readonly id: StepId;
  readonly kind: StepKind;
  readonly version: number;
  /** Everything known at compile time. Inputs are merged over it, by name, when the step is commanded. */
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, StepInput>>;
  readonly after: readonly StepId[];
  readonly phase: Phase;
  /** One line for people: "stop service odoo-acme". */
  readonly title: string;
  readonly reversible: boolean;
  /** The application is down while this step runs. */
  readonly down: boolean;
  /** Its undo brings the application back and goes before every clean-up. */
  readonly restoresService: boolean;
  /** `commanded`: cancel is refused once this step is commanded. `passed`: its success passes the point. */
  readonly pointOfNoReturn: 'before' | 'commanded' | 'passed';
  readonly timeoutMs: number;
  readonly site?: string;
}

/** Immutable. Its hash is SHA-256 over RFC 8785 JSON of everything in it. */
export interface Plan {
  readonly planVersion: 1;
  readonly kind: string;
  readonly recipeVersion: number;
  /** What people call it: "upgrade of acme to premium". */
  readonly title: string;
  readonly steps: readonly PlannedStep[];
  /** Subjects held until a terminal event: `instance:…`, `database:server/name`, `service:…`, `file:…`. */
  readonly reservations: readonly string[];
  readonly checks: readonly PreflightCheck[];
  readonly warnings: readonly string[];
  /** Recipe facts that the process manager needs at the end, such as the instance and its target plan. */
  readonly outcome: JsonObject;
  /** Structural fingerprint of the source when it was inspected; compared again at the first effect. */
  readonly fingerprint?: string;
  readonly maxDowntimeMs?: number;
}

/** Exact SQL, commands and calls of one step, with placeholders for secrets; for the dry run. */
export interface StepDescription {
  readonly stepId: StepId;
  readonly lines: readonly {
    readonly tool: 'sql' | 'command' | 'http' | 'file';
    readonly at: string;
    readonly text: string;
  }[];
}
