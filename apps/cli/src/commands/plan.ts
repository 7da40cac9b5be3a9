import type { PlanAnswer } from '#shared/contracts/answers.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { planText, type PlanFormat } from '../rendering/plan-text.js';
import { readable } from '../rendering/readable.js';
import type { Run } from '../run.js';
import { readRequest, type RequestFlags } from './read-request.js';

interface PlanOptions extends RequestFlags {
  readonly id?: string;
  readonly format: PlanFormat;
  readonly detailedExitcode?: boolean;
}

/** @param kind name of the command below `plan`; undefined: the request comes from a file. */
export function planOf(kind: string | undefined) {
  return async (run: Run, _args: readonly [], options: PlanOptions): Promise<ExitCode> => {
    const client = await run.client();
    if (options.id !== undefined) return showPlan(run, await client.planOf(options.id), options);
    const request = await readRequest(kind, options);
    await run.work();
    return showPlan(run, await client.plan(request, { signal: run.interrupted }), options);
  };
}

/** Prints a dry run; refused: 5, and with `detailedExitcode` 2 for a plan with steps. */
export function showPlan(
  run: Run,
  plan: PlanAnswer,
  options: { readonly format: PlanFormat; readonly detailedExitcode?: boolean },
): ExitCode {
  if (run.json) run.out(JSON.stringify(plan));
  else run.out(planText(readable(plan), { ...run, format: options.format, dryRun: true }));
  if (plan.status === 'refused') return EXIT.checkFailed;
  if (plan.planHash === null)
    throw new CliError(EXIT.failed, `the dry run is ${plan.status}`, `rehome report ${plan.planId}`);
  return options.detailedExitcode === true && plan.steps.length > 0 ? EXIT.changesPending : EXIT.done;
}
