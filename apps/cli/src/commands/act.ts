import type { ActionBodies, ActionName } from '#client/rehome-client.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Run } from '../run.js';

interface ReasonOptions {
  readonly reason?: string;
}

interface ResolveOptions {
  readonly step: string;
  readonly outcome: 'done' | 'not-done' | 'failed';
  readonly note: string;
}

export function cancel(run: Run, [id]: readonly [string], options: ReasonOptions): Promise<ExitCode> {
  return act(run, id, 'cancel', reasonOf(options));
}

export function rollback(run: Run, [id]: readonly [string], options: ReasonOptions): Promise<ExitCode> {
  return act(run, id, 'rollback', reasonOf(options));
}

export function pause(run: Run, [id]: readonly [string], options: ReasonOptions): Promise<ExitCode> {
  return act(run, id, 'pause', reasonOf(options));
}

export function resume(run: Run, [id]: readonly [string]): Promise<ExitCode> {
  return act(run, id, 'resume', {});
}

export function retry(run: Run, [id]: readonly [string]): Promise<ExitCode> {
  return act(run, id, 'retry', {});
}

export function resolve(run: Run, [id]: readonly [string], options: ResolveOptions): Promise<ExitCode> {
  const { step: stepId, outcome, note } = options;
  return act(run, id, 'resolve', { stepId, outcome, note });
}

function reasonOf({ reason }: ReasonOptions): ReasonOptions {
  return reason === undefined ? {} : { reason };
}

/** What the planner took in; what follows from it is seen by watching. */
const DONE: Readonly<Record<ActionName, string>> = {
  approve: 'approved',
  cancel: 'is being cancelled',
  rollback: 'is being taken back',
  pause: 'is paused before its next step',
  resume: 'goes on',
  retry: 'tries the step again',
  resolve: 'knows what became of the step',
};

async function act<A extends ActionName>(run: Run, id: string, action: A, body: ActionBodies[A]): Promise<ExitCode> {
  const answer = await (await run.client()).act(id, action, body);
  if (run.json) run.out(JSON.stringify(answer));
  else
    run.out(
      `${answer.migrationId} ${DONE[action]} (now: ${answer.status})\n\nNext:  ${nextOf(action, id)}${run.screen.again}`,
    );
  return EXIT.done;
}

function nextOf(action: ActionName, id: string): string {
  return action === 'pause' ? `rehome resume ${id}` : `rehome watch ${id}`;
}
