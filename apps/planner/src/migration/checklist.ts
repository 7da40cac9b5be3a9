import type { PlannedStep } from '#shared/contracts/plan.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { MoveOutcome } from '../planning/outcome.js';
import type { Common, PlannedFacts } from './migration-state.js';
import { answerOf } from './step-result.js';
import { hasSucceeded, latestRun } from './step-runs.js';
import { targetLocation } from './switch-record.js';

/** One line of source c's checklist with what this move shows for it. */
export interface ChecklistItem {
  readonly id: string;
  readonly item: string;
  readonly passed: boolean;
  readonly evidence: string;
}

type Planned = Common & { readonly planned: PlannedFacts };

/** The usual way takes 5 to 15 minutes; a move that needs longer than the best of them has not beaten it. */
const DOWNTIME_TO_BEAT_MS = 300_000;

/** Every line of the checklist that this move itself can evidence; the others are the tests' business. */
export function checklistOf(state: Planned, outcome: MoveOutcome, downtimeMs: number): ChecklistItem[] {
  const kinds = new Set(state.planned.plan.steps.map((step) => step.kind));
  const when = (kind: StepKind, items: () => ChecklistItem[]): ChecklistItem[] => (kinds.has(kind) ? items() : []);
  return [
    ...when('provision-server', () => [upgradeDetected(outcome)]),
    orderItem(state),
    ...when('stop-service', () => [stopItem(state)]),
    ...when('dump-database', () => [backupItem(state)]),
    ...when('provision-server', () => [provisionItem(state, outcome)]),
    ...(outcome.instanceId === undefined ? [] : [recordItem(state, outcome)]),
    ...when('publish-database', () => targetItems(state, outcome)),
    ...configurationItems(state),
    ...when('verify-connections', () => connectionItems(state)),
    ...when('verify-copy', () => [copyItem(state)]),
    ...when('verify-connections', () => [sessionsItem(state)]),
    ...when('stop-service', () => [downtimeItem(downtimeMs)]),
  ];
}

function upgradeDetected({ from, plan }: MoveOutcome): ChecklistItem {
  const was = from.dbType ?? 'unknown';
  return {
    id: 'c1',
    item: 'upgrade detected by the change of the database type',
    passed: from.dbType === 'shared',
    evidence: `plan ${plan ?? 'unknown'} asks for a dedicated server, the tenant was on a ${was} one`,
  };
}

function orderItem(state: Planned): ChecklistItem {
  const order = state.planned.plan.steps.filter((step) => hasSucceeded(state, step.id));
  return {
    id: 'c5',
    item: 'ordered workflow, record switched only after verification',
    passed: inOrder(state, order),
    evidence: order.map((step) => step.id).join(' → '),
  };
}

function stopItem(state: Planned): ChecklistItem {
  const stop = answerOf(state, 'stop-service');
  return {
    id: 'c6',
    item: 'service stopped and confirmed',
    passed: stop?.confirmedState !== undefined,
    evidence: `${stop?.stateBefore ?? 'unknown'} → ${stop?.confirmedState ?? 'unknown'}`,
  };
}

function inOrder(state: Planned, steps: readonly PlannedStep[]): boolean {
  const started = steps.map((step) => latestRun(state, step.id)?.startedPosition ?? 0n);
  return started.every((position, index) => index === 0 || (started[index - 1] ?? 0n) < position);
}

function backupItem(state: Planned): ChecklistItem {
  const dump = answerOf(state, 'dump-database');
  const restore = answerOf(state, 'restore-database');
  const label = state.planned.plan.steps.find((step) => step.kind === 'dump-database')?.params['label'];
  const asked = typeof label === 'string' ? label : 'unknown';
  const restores = state.planned.plan.steps.some((step) => step.kind === 'restore-database');
  const looked = restores ? restore?.backupId === dump?.backupId : true;
  return {
    id: 'c7',
    item: `backup labelled ${asked}, looked up again by its id`,
    passed: dump?.backupId !== undefined && dump.label === asked && looked,
    evidence: `backup ${dump?.backupId ?? 'unknown'}, manifest ${dump?.manifestHash ?? 'unknown'}`,
  };
}

function provisionItem(state: Planned, outcome: MoveOutcome): ChecklistItem {
  const to = targetLocation(state, outcome);
  const place = to === undefined ? 'unknown' : `${to.dbServerId} (${to.host}:${String(to.port)})`;
  return { id: 'c8', item: 'dedicated server provisioned', passed: to !== undefined, evidence: place };
}

function recordItem(state: Planned, outcome: MoveOutcome): ChecklistItem {
  const { from } = outcome;
  const to = targetLocation(state, outcome);
  return {
    id: 'c9',
    item: 'record of the tenant switched, both ways kept',
    passed: state.planned.passed && to !== undefined,
    evidence: `${from.dbServerId} → ${to?.dbServerId ?? 'unknown'}, ${from.dbType ?? 'unknown'} → ${to?.dbType ?? 'unknown'}`,
  };
}

function targetItems(state: Planned, outcome: MoveOutcome): ChecklistItem[] {
  const to = targetLocation(state, outcome);
  const wanted = to?.database ?? outcome.database;
  const published = answerOf(state, 'publish-database')?.database;
  return [
    {
      id: 'c10',
      item:
        wanted === outcome.database
          ? 'restored into the new server under the same name'
          : `restored under the name ${wanted}`,
      passed: published === wanted,
      evidence: published ?? 'unknown',
    },
    {
      id: 'c11',
      item: 'role there before the restore',
      passed: hasSucceeded(state, 'create-database'),
      evidence: `role ${to?.user ?? 'unknown'}`,
    },
  ];
}

function configurationItems(state: Planned): ChecklistItem[] {
  const files = state.planned.plan.steps.filter((step) => step.kind === 'edit-config');
  const edits = files.map((step) => answerOf(state, 'edit-config', step.id));
  const variables = answerOf(state, 'set-environment')?.variables;
  const edited: ChecklistItem = {
    id: 'c12',
    item: 'only the named keys of the config file changed',
    passed: edits.every((edit) => edit?.hashAfter !== undefined),
    evidence: edits.map((edit) => `${edit?.path ?? 'unknown'}: ${(edit?.changedKeys ?? []).join(', ')}`).join('; '),
  };
  const environment: ChecklistItem = {
    id: 'c13',
    item: 'environment set for consistency, service restarted',
    passed: true,
    evidence: (variables ?? []).join(', '),
  };
  return [...(files.length > 0 ? [edited] : []), ...(variables === undefined ? [] : [environment])];
}

function connectionItems(state: Planned): ChecklistItem[] {
  const start = answerOf(state, 'start-service');
  const connections = answerOf(state, 'verify-connections');
  const [old, fresh] = [connections?.old ?? -1, connections?.new ?? 0];
  return [
    {
      id: 'c14',
      item: 'seen where the application really connects',
      passed: old === 0 && fresh > 0,
      evidence: `${String(old)} sessions at the source, ${String(fresh)} at the target`,
    },
    {
      id: 'c16',
      item: 'application healthy after the start',
      passed: start?.state !== undefined,
      evidence: `${start?.state ?? 'unknown'} after ${String(start?.healthyAfterMs ?? 0)} ms`,
    },
  ];
}

function sessionsItem(state: Planned): ChecklistItem {
  const { states = {} } = answerOf(state, 'verify-connections') ?? {};
  const counts = Object.entries(states).map(([name, count]) => `${name} ${String(count)}`);
  const named = hasSucceeded(state, 'publish-database') || hasSucceeded(state, 'reinstate-source');
  return {
    id: 'c21',
    item: 'database and role exist at the target, connections by state',
    passed: named && counts.length > 0,
    evidence: counts.join(', '),
  };
}

/** Old connections 0, new ones there: only where a service of ours has any. */
function copyItem(state: Planned): ChecklistItem {
  const copy = answerOf(state, 'verify-copy');
  const served = state.planned.plan.steps.some((step) => step.kind === 'verify-connections');
  const connections = answerOf(state, 'verify-connections');
  const moved = !served || ((connections?.old ?? -1) === 0 && (connections?.new ?? 0) > 0);
  return {
    id: 'c20',
    item: served ? 'rows equal, old connections 0, new ones there, service stable' : 'rows equal',
    passed: copy?.mismatches === 0 && moved,
    evidence: `${String(copy?.tables ?? 0)} tables, ${copy?.rows ?? '0'} rows, ${String(copy?.mismatches ?? -1)} differences`,
  };
}

function downtimeItem(downtimeMs: number): ChecklistItem {
  return {
    id: 'c19',
    item: 'downtime recorded, below the usual 5 to 15 minutes',
    passed: downtimeMs < DOWNTIME_TO_BEAT_MS,
    evidence: `${String(downtimeMs)} ms`,
  };
}
