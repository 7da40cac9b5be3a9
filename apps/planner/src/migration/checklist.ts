import type { PlannedStep } from '#shared/contracts/plan.js';
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

/** Every line of the checklist that a move itself can evidence; the others are the tests' business. */
export function checklistOf(state: Planned, outcome: MoveOutcome, downtimeMs: number): ChecklistItem[] {
  return [
    ...decisionItems(state, outcome),
    ...backupItems(state),
    ...targetItems(state, outcome),
    ...configurationItems(state),
    ...proofItems(state),
    {
      id: 'c19',
      item: 'downtime recorded, below the usual 5 to 15 minutes',
      passed: downtimeMs < DOWNTIME_TO_BEAT_MS,
      evidence: `${String(downtimeMs)} ms`,
    },
  ];
}

function decisionItems(state: Planned, { from, plan }: MoveOutcome): ChecklistItem[] {
  const stop = answerOf(state, 'stop-service');
  const order = state.planned.plan.steps.filter((step) => hasSucceeded(state, step.id));
  return [
    {
      id: 'c1',
      item: 'upgrade detected by the change of the database type',
      passed: from.dbType === 'shared',
      evidence: `plan ${plan} asks for a dedicated server, the tenant was on a ${from.dbType} one`,
    },
    {
      id: 'c5',
      item: 'ordered workflow, record switched only after verification',
      passed: inOrder(state, order),
      evidence: order.map((step) => step.id).join(' → '),
    },
    {
      id: 'c6',
      item: 'service stopped and confirmed',
      passed: stop?.confirmedState !== undefined,
      evidence: `${stop?.stateBefore ?? 'unknown'} → ${stop?.confirmedState ?? 'unknown'}`,
    },
  ];
}

function inOrder(state: Planned, steps: readonly PlannedStep[]): boolean {
  const started = steps.map((step) => latestRun(state, step.id)?.startedPosition ?? 0n);
  return started.every((position, index) => index === 0 || (started[index - 1] ?? 0n) < position);
}

function backupItems(state: Planned): ChecklistItem[] {
  const dump = answerOf(state, 'dump-database');
  const restore = answerOf(state, 'restore-database');
  return [
    {
      id: 'c7',
      item: 'backup labelled pre_migration, looked up again by its id',
      passed: dump?.label === 'pre_migration' && dump.backupId !== undefined && restore?.backupId === dump.backupId,
      evidence: `backup ${dump?.backupId ?? 'unknown'}, manifest ${dump?.manifestHash ?? 'unknown'}`,
    },
  ];
}

function targetItems(state: Planned, outcome: MoveOutcome): ChecklistItem[] {
  const to = targetLocation(state);
  const place = to === undefined ? 'unknown' : `${to.dbServerId} (${to.host}:${String(to.port)})`;
  const published = answerOf(state, 'publish-database')?.database;
  return [
    { id: 'c8', item: 'dedicated server provisioned', passed: to !== undefined, evidence: place },
    {
      id: 'c9',
      item: 'record of the tenant switched, both ways kept',
      passed: state.planned.passed && to !== undefined,
      evidence: `${outcome.from.dbServerId} → ${to?.dbServerId ?? 'unknown'}, ${outcome.from.dbType} → ${to?.dbType ?? 'unknown'}`,
    },
    {
      id: 'c10',
      item: 'restored into the new server under the same name',
      passed: published === outcome.database,
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

function proofItems(state: Planned): ChecklistItem[] {
  const start = answerOf(state, 'start-service');
  const copy = answerOf(state, 'verify-copy');
  const connections = answerOf(state, 'verify-connections');
  const [old, fresh] = [connections?.old ?? -1, connections?.new ?? 0];
  const states = Object.entries(connections?.states ?? {}).map(([name, count]) => `${name} ${String(count)}`);
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
    {
      id: 'c20',
      item: 'rows equal, old connections 0, new ones there, service stable',
      passed: copy?.mismatches === 0 && old === 0 && fresh > 0,
      evidence: `${String(copy?.tables ?? 0)} tables, ${copy?.rows ?? '0'} rows, ${String(copy?.mismatches ?? -1)} differences`,
    },
    {
      id: 'c21',
      item: 'database and role exist at the target, connections by state',
      passed: hasSucceeded(state, 'publish-database') && states.length > 0,
      evidence: states.join(', '),
    },
  ];
}
