import type { Failure, StepRunKey } from '#shared/contracts/events.js';
import { failure } from './decision.js';
import { isOver, type MigrationState, type StepRun } from './migration-state.js';
import { isCommitted, isDown } from './step-runs.js';

/** Whether a person's wish fits the state; if not, why not and what to do instead. */
export type Permission = { readonly allowed: true } | { readonly allowed: false; readonly refusal: Failure };

/** A wish that names a run: the key to write into its event. */
export type RunPermission =
  { readonly allowed: true; readonly key: StepRunKey } | { readonly allowed: false; readonly refusal: Failure };

const ALLOWED: Permission = { allowed: true };

/** Cancel is for before the application was started on the target [point of no return `commanded`]. */
export function mayCancel(state: MigrationState): Permission {
  const refused = alreadyOver(state) ?? alreadyTakenBack(state);
  if (refused !== undefined || state.status === 'unknown') return refused ?? notFound();
  if (state.planned?.passed === true) return pointPassed();
  if (!isCommitted(state)) return ALLOWED;
  return conflict('the application is being started on the target; to take the move back, request a rollback');
}

/** Taking back is possible until the point of no return has passed. */
export function mayRollBack(state: MigrationState): Permission {
  const passed = state.status !== 'unknown' && state.planned?.passed === true;
  if (passed) return pointPassed();
  return alreadyOver(state) ?? alreadyTakenBack(state) ?? ALLOWED;
}

export interface Approval {
  readonly planHash: string;
  /** `key:<name>`. */
  readonly approvedBy: string;
}

/** An approval is bound to the hash of the plan it approves, and under four eyes to another person than who asked. */
export function mayApprove(state: MigrationState, { planHash, approvedBy }: Approval): Permission {
  if (state.status !== 'awaiting-approval')
    return alreadyOver(state) ?? conflict(`the migration does not wait for an approval, it is ${state.status}`);
  const { planHash: own, approval } = state.planned;
  if (own !== planHash) return conflict(`the plan has hash ${own}, not ${planHash}; read it again before approving`);
  if (approval?.fourEyes !== true || state.request.requestedBy !== approvedBy) return ALLOWED;
  const policies = approval.policies.join(', ');
  const detail = `${approvedBy} asked for this migration, and policy ${policies} wants another to approve it`;
  return { allowed: false, refusal: failure('SECOND_PERSON_NEEDED', detail) };
}

/** A pause holds back the next step. While the application is down it would only prolong that. */
export function mayPause(state: MigrationState): Permission {
  if (state.status !== 'migrating')
    return alreadyOver(state) ?? conflict(`only a migration under way can pause, this one is ${state.status}`);
  if (!isDown(state)) return ALLOWED;
  return conflict('the application is down; a pause would prolong that: let it go on, or cancel');
}

export function mayResume(state: MigrationState): Permission {
  if (state.status === 'paused') return ALLOWED;
  return alreadyOver(state) ?? conflict(`only a paused migration can resume, this one is ${state.status}`);
}

/** The run that a halted migration stopped at; its retry becomes the next generation. */
export function mayRetry(state: MigrationState): RunPermission {
  const run = haltedRun(state);
  if (run !== undefined) return { allowed: true, key: run.key };
  return alreadyOver(state) ?? conflict('only a migration that halted at a step can retry it');
}

/** A person may say what became of the step at which the migration halted, and of no other. */
export function mayResolve(state: MigrationState, stepId: string): RunPermission {
  const permission = mayRetry(state);
  if (!permission.allowed || permission.key.stepId === stepId) return permission;
  return conflict(`the migration halted at ${permission.key.stepId}, not at ${stepId}`);
}

function haltedRun(state: MigrationState): StepRun | undefined {
  if (state.status !== 'halted') return undefined;
  return state.runs.findLast((run) => run.key.stepId === state.at);
}

type Refused = Extract<Permission, { allowed: false }>;

function alreadyOver(state: MigrationState): Refused | undefined {
  if (state.status === 'unknown') return notFound();
  return isOver(state) ? conflict(`the migration is over: ${state.status}`) : undefined;
}

function alreadyTakenBack(state: MigrationState): Refused | undefined {
  const takenBack = state.status !== 'unknown' && state.compensation !== undefined;
  return takenBack ? conflict('the migration is being taken back already') : undefined;
}

function pointPassed(): Refused {
  const detail =
    'the application runs on the target and may have written there; to go back, request a new migration of kind "return"';
  return { allowed: false, refusal: failure('POINT_OF_NO_RETURN_PASSED', detail) };
}

function conflict(detail: string): Refused {
  return { allowed: false, refusal: failure('STATE_CONFLICT', detail) };
}

function notFound(): Refused {
  return { allowed: false, refusal: failure('NOT_FOUND', 'there is no such migration') };
}
