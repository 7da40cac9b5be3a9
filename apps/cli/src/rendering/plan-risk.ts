import type { JsonObject } from '#shared/contracts/json.js';
import type { PlannedStep } from '#shared/contracts/plan.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';

/** Their undo takes nothing back: what they have committed, or what a program did, stands (docs/adr/0026). */
const KEEPING: ReadonlySet<string> = new Set<StepKind>(['apply-migrations', 'revert-migration', 'run-command']);

type Risky = Pick<PlannedStep, 'down'> & { readonly kind: string; readonly pointOfNoReturn: string };

/** What it does stays done, whatever becomes of the migration. */
export function keepsItsEffect({ kind }: Pick<Risky, 'kind'>): boolean {
  return KEEPING.has(kind);
}

/** It works on copies, which are dropped at its end. */
export function isRehearsal({ outcome }: { readonly outcome: JsonObject }): boolean {
  return outcome['type'] === 'rehearsal';
}

/** It stops an application, or something in it cannot be taken back. */
export function isDangerous(plan: { readonly steps: readonly Risky[]; readonly outcome: JsonObject }): boolean {
  if (isRehearsal(plan)) return false;
  return plan.steps.some((step) => step.down || step.pointOfNoReturn !== 'before' || keepsItsEffect(step));
}
