import type { EventName, EventTypes, LedgerEvent, StepRunKey } from '#shared/contracts/events.js';

type Sentences = { readonly [N in EventName]?: (data: EventTypes[N]) => string };

/** Events that need more than their name. */
const SENTENCES: Sentences = {
  MigrationRequested: ({ title, requestedBy, dryRun }) =>
    `${dryRun ? 'A dry run' : 'It'} was asked for by ${requestedBy}: ${title}`,
  MigrationScheduled: ({ runAt }) => `It waits until ${runAt}`,
  PlanCompiled: ({ plan, planHash }) => `A plan of ${String(plan.steps.length)} steps was compiled, hash ${planHash}`,
  PlanRefused: ({ reasons }) => `There is no plan: ${reasons.map(({ detail }) => detail).join('; ')}`,
  PlanApproved: ({ approvedBy, reason }) =>
    `The plan was approved by ${approvedBy}${reason === undefined ? '' : `: ${reason}`}`,
  StepCommanded: (data) => `An executor shall ${verbOf(data)} ${data.stepId}${again(data)}`,
  StepCancelCommanded: ({ stepId, reason }) => `${stepId} shall stop: ${reason}`,
  StepAccepted: ({ stepId }) => `The command for ${stepId} was taken in`,
  StepStarted: ({ stepId, owner, attempt }) => `${owner} began ${stepId}, attempt ${String(attempt)}`,
  StepSucceeded: ({ stepId, durationMs, alreadyDone }) =>
    `${stepId} is done${alreadyDone ? '; it was already, nothing was changed' : ` after ${String(durationMs)} ms`}`,
  StepUndone: ({ stepId, durationMs }) => `${stepId} was taken back in ${String(durationMs)} ms`,
  StepFailed: ({ stepId, failure, final, retryAt }) =>
    `${stepId} failed: ${failure.detail}${final || retryAt === undefined ? '' : `; tried again at ${retryAt}`}`,
  StepCancelled: ({ stepId, reason }) => `${stepId} stopped at a safe point: ${reason}`,
  StepNeedsDecision: ({ stepId, failure }) => `${stepId} needs a person: ${failure.detail}`,
  StepLeaseLost: ({ stepId, owner }) => `${owner} lost its lease on ${stepId}`,
  StepResolved: ({ stepId, outcome, note, resolvedBy }) => `${resolvedBy} says that ${stepId} is ${outcome}: ${note}`,
  StepRetryRequested: ({ stepId, requestedBy }) => `${requestedBy} wants ${stepId} tried again`,
  CompensationStarted: ({ because, stepIds }) =>
    `It is taken back: ${because.detail}; to undo: ${stepIds.join(', ') || 'nothing'}`,
  RollbackRequested: ({ requestedBy, reason }) => `${requestedBy} wants it taken back: ${reason}`,
  PointOfNoReturnPassed: ({ because }) =>
    because === 'verified'
      ? 'No way back from here: the application was seen on the target'
      : 'No way back: the application has written to the target',
  MigrationPaused: ({ requestedBy, reason }) => `${requestedBy} paused it: ${reason}`,
  MigrationResumed: ({ requestedBy }) => `${requestedBy} let it go on`,
  MigrationCancelRequested: ({ requestedBy, reason }) => `${requestedBy} wants it cancelled: ${reason}`,
  TimerSet: ({ timer, dueAt }) => `Timer ${timer} is due at ${dueAt}`,
  TimerFired: ({ timer }) => `Timer ${timer} is due`,
  MigrationCompleted: ({ downtimeMs }) => `Done; the application was down for ${String(downtimeMs)} ms`,
  MigrationRolledBack: ({ because, undone }) =>
    `Everything is as before: ${because.detail}; undone: ${undone.join(', ') || 'nothing'}`,
  MigrationCancelled: ({ reason }) => `Cancelled: ${reason}`,
  MigrationHalted: ({ at, because }) => `It stopped for a person at ${at}: ${because.detail}`,
};

/** What happened, for people. */
export function sentenceOf(event: LedgerEvent): string {
  return toldBy(SENTENCES[event.type], event.data) ?? wordsOf(event.type);
}

/** The name of the event chose the sentence, so its data fits; TypeScript cannot see that across a union. */
function toldBy(sentence: unknown, data: LedgerEvent['data']): string | undefined {
  return typeof sentence === 'function' ? (sentence as (data: LedgerEvent['data']) => string)(data) : undefined;
}

/** `InstanceMoved` → `Instance moved`. */
function wordsOf(type: string): string {
  const words = type.replaceAll(/(?<=[a-z])([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return words;
}

function verbOf({ direction }: StepRunKey): string {
  return direction === 'undo' ? 'take back' : 'run';
}

function again({ generation }: StepRunKey): string {
  return generation === 1 ? '' : `, for the ${String(generation)}. time`;
}
