import type { AnyRequest, RehomeClient } from '#client/rehome-client.js';
import type { PlanAnswer } from '#shared/contracts/answers.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { planText, type PlanFormat } from '../rendering/plan-text.js';
import { readable } from '../rendering/readable.js';
import type { Run } from '../run.js';
import { readRequest, type RequestFlags } from './read-request.js';
import { sayWaiting, waitFor } from './wait-for.js';

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
    return dryRun(run, client, await readRequest(kind, options), options);
  };
}

interface PlanLook {
  readonly format: PlanFormat;
  readonly detailedExitcode?: boolean;
}

/** Asks for a dry run, waits for it and prints it. */
export async function dryRun(
  run: Run,
  client: RehomeClient,
  request: AnyRequest,
  { idempotencyKey, ...look }: PlanLook & { readonly idempotencyKey?: string },
): Promise<ExitCode> {
  const awaited = { then: 'the dry run goes on', next: `rehome list --dry-runs${run.screen.again}`, taken: false };
  const onPending = (planId: string): void => {
    Object.assign(awaited, { next: `rehome plan --id ${planId}${run.screen.again}`, taken: true });
    sayWaiting(run, `${planId}  still being planned: an executor must look at the databases`);
  };
  sayWaiting(run, 'planning: databases are looked at, nothing is changed …');
  const plan = await waitFor(run, awaited, async (signal) => {
    await run.work();
    return client.plan(request, { signal, onPending, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) });
  });
  return showPlan(run, plan, look);
}

/** Prints a dry run; refused: 5, and with `detailedExitcode` 2 for a plan with steps. */
function showPlan(run: Run, plan: PlanAnswer, options: PlanLook): ExitCode {
  if (run.json) run.out(JSON.stringify(plan));
  else run.out(planText(readable(plan), { ...run, format: options.format, dryRun: true }));
  if (plan.status === 'refused') return EXIT.checkFailed;
  if (plan.planHash === null)
    throw new CliError(EXIT.failed, `the dry run is ${plan.status}`, `rehome report ${plan.planId}${run.screen.again}`);
  return options.detailedExitcode === true && plan.steps.length > 0 ? EXIT.changesPending : EXIT.done;
}
