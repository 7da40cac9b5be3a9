import { ApiProperty } from '@nestjs/swagger';
import type { PlannedStep, StepDescription } from '#shared/contracts/plan.js';
import { planLinks } from './accepted.js';
import type { KnownState } from '../migration/migration-state.js';
import { viewMigration } from '../migration/migration-view.js';
import { ApprovalView, CheckView, FailureView } from './migration.views.js';

export class LineView {
  @ApiProperty({ enum: ['sql', 'command', 'http', 'file'] })
  readonly tool!: string;

  @ApiProperty({ description: 'Server, host or file' })
  readonly at!: string;

  @ApiProperty({ description: 'Exact text, with placeholders for secrets' })
  readonly text!: string;
}

export class PlannedStepView {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly kind!: string;

  @ApiProperty({ enum: ['prepare', 'cutover', 'switch', 'finish'] })
  readonly phase!: string;

  @ApiProperty()
  readonly title!: string;

  @ApiProperty({ description: 'The application is down while it runs' })
  readonly down!: boolean;

  @ApiProperty()
  readonly reversible!: boolean;

  @ApiProperty({
    enum: ['before', 'commanded', 'passed'],
    description: '`commanded`: cancel is refused from here; `passed`: no way back after it',
  })
  readonly pointOfNoReturn!: string;

  @ApiProperty({ type: String, isArray: true })
  readonly after!: readonly string[];

  @ApiProperty({ type: () => LineView, isArray: true })
  readonly lines!: readonly LineView[];
}

export class PlanView {
  @ApiProperty({ format: 'uuid', description: 'The dry run' })
  readonly planId!: string;

  @ApiProperty({
    example: 'completed',
    description: '`completed`: the plan stands; `refused`: `reasons` and `checks` say why not',
  })
  readonly status!: string;

  @ApiProperty()
  readonly title!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  readonly plan!: object | null;

  @ApiProperty({ type: String, nullable: true })
  readonly planHash!: string | null;

  @ApiProperty({ type: () => ApprovalView, nullable: true, description: 'What the real one would wait for' })
  readonly approval!: ApprovalView | null;

  @ApiProperty({ type: () => PlannedStepView, isArray: true })
  readonly steps!: readonly PlannedStepView[];

  @ApiProperty({ type: () => CheckView, isArray: true })
  readonly checks!: readonly CheckView[];

  @ApiProperty({ type: String, isArray: true })
  readonly warnings!: readonly string[];

  @ApiProperty({ type: () => FailureView, isArray: true })
  readonly reasons!: readonly FailureView[];

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly links!: Readonly<Record<string, string>>;
}

/** A dry run as people see it: each planned step with what it would say to which server. */
export function planView(state: KnownState): PlanView {
  const { migrationId, title, status, plan, planHash, approval, checks, warnings, reasons, result } = viewMigration(
    state,
    [],
    state.lastAt,
  );
  const lines = linesByStep(result?.['steps']);
  return {
    planId: migrationId,
    status,
    title,
    plan,
    planHash,
    approval,
    steps: (plan?.steps ?? []).map((step) => stepView(step, lines.get(step.id) ?? [])),
    checks,
    warnings,
    reasons,
    links: planLinks(migrationId),
  };
}

function stepView(step: PlannedStep, lines: StepDescription['lines']): PlannedStepView {
  const { id, kind, phase, title, down, reversible, pointOfNoReturn, after } = step;
  return { id, kind, phase, title, down, reversible, pointOfNoReturn, after, lines };
}

/** The parser: the executor's answer to `describe-plan`, as it stands in the event. */
function linesByStep(steps: unknown): ReadonlyMap<string, StepDescription['lines']> {
  if (!Array.isArray(steps)) return new Map();
  return new Map((steps as StepDescription[]).map((step) => [step.stepId, step.lines]));
}
