import type { Plan, PlannedStep } from '#shared/contracts/plan.js';
import { STEP_VERSIONS, type StepKind } from '#shared/contracts/steps/step-kinds.js';
import { STEP_TRAITS } from './step-traits.js';

/** A plan's steps with, for each, every step that must be done before it. */
interface Order {
  readonly steps: readonly PlannedStep[];
  readonly earlier: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What is wrong with a plan as a whole, one line each; empty when nothing is. */
export function checkPlan(plan: Pick<Plan, 'steps' | 'reservations' | 'checks'>): string[] {
  const shape = [...duplicateIds(plan.steps), ...unknownPredecessors(plan.steps), ...cycles(plan.steps)];
  if (shape.length > 0) return shape;
  const order = { steps: plan.steps, earlier: earlierSteps(plan.steps) };
  const served = plan.reservations.some((subject) => subject.startsWith('service:'));
  return [
    ...inputsFromLaterSteps(order),
    ...traitsThatDiffer(plan.steps),
    ...downOutsideTheOutage(order, served ? OUTAGE.served : OUTAGE.unserved),
    ...(served ? servedProblems(order) : unservedProblems(order)),
    ...PREREQUISITES.flatMap((rule) => missingPrerequisites(order, rule)),
    ...unprovenDestruction(order, plan.checks),
  ];
}

/** What destroys something for good needs a backup that was proved: by a step before it, or by the inspection. */
function unprovenDestruction(order: Order, checks: Plan['checks']): string[] {
  if (checks.some(({ name, passed }) => name === 'verified-backup' && passed)) return [];
  const proofs = order.steps.filter((step) => step.kind === 'verify-backup');
  return order.steps
    .filter((step) => DESTRUCTIVE.includes(step.kind) && !proofs.some((proof) => isEarlier(order, proof, step)))
    .map((step) => `step ${step.id} destroys without a verified backup before it`);
}

const DESTRUCTIVE: readonly StepKind[] = ['drop-retired', 'revert-migration'];

/** A plan that holds a service: an application is stopped, told and started. */
function servedProblems(order: Order): string[] {
  return [
    ...fencesWithoutStop(order),
    ...pointOfNoReturnProblems(order),
    ...SERVED_PREREQUISITES.flatMap((rule) => missingPrerequisites(order, rule)),
  ];
}

/** A plan that holds none: no application of ours is told of anything, so one step commits and passes at once. */
function unservedProblems(order: Order): string[] {
  const steps = order.steps.filter((step) => SERVICE_STEPS.includes(step.kind));
  const passing = order.steps.filter((step) => step.pointOfNoReturn !== 'before');
  const [only] = passing;
  return [
    ...steps.map((step) => `step ${step.id} touches a service, and the plan holds none`),
    ...(passing.length > 1 ? ['without a service exactly one step passes the point of no return'] : []),
    ...passing
      .filter((step) => step.pointOfNoReturn !== 'passed' || !PASSES_ALONE.includes(step.kind))
      .map((step) => `step ${step.id} cannot pass the point of no return without a service`),
    ...order.steps
      .filter((step) => !step.reversible && step !== only && (only === undefined || !isEarlier(order, only, step)))
      .map((step) => `step ${step.id} cannot be undone and stands before the point of no return`),
    ...UNSERVED_PREREQUISITES.flatMap((rule) => missingPrerequisites(order, rule)),
  ];
}

const SERVICE_STEPS: readonly StepKind[] = [
  'stop-service',
  'edit-config',
  'write-secret-file',
  'set-environment',
  'resize-service',
  'start-service',
  'verify-connections',
];

/** A name that clients find, or what is gone afterwards. */
const PASSES_ALONE: readonly StepKind[] = ['publish-database', 'reinstate-source', 'drop-retired', 'remove-backups'];

function duplicateIds(steps: readonly PlannedStep[]): string[] {
  const ids = steps.map((step) => step.id);
  return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))].map((id) => `step id ${id} stands twice`);
}

function unknownPredecessors(steps: readonly PlannedStep[]): string[] {
  const ids = new Set(steps.map((step) => step.id));
  return steps.flatMap((step) =>
    step.after.filter((id) => !ids.has(id)).map((id) => `step ${step.id} comes after ${id}, which is not in the plan`),
  );
}

/** Removes steps whose predecessors are gone until nothing moves; what is left waits for itself. */
function cycles(steps: readonly PlannedStep[]): string[] {
  let left = [...steps];
  for (;;) {
    const waiting = new Set<string>(left.map((step) => step.id));
    const next = left.filter((step) => step.after.some((id) => waiting.has(id)));
    if (next.length === left.length) break;
    left = next;
  }
  return left.length === 0 ? [] : [`steps wait for each other: ${left.map((step) => step.id).join(', ')}`];
}

function earlierSteps(steps: readonly PlannedStep[]): Order['earlier'] {
  const byId = new Map<string, PlannedStep>(steps.map((step) => [step.id, step]));
  const earlier = new Map<string, ReadonlySet<string>>();
  const visit = (id: string): ReadonlySet<string> => {
    const known = earlier.get(id);
    if (known !== undefined) return known;
    const before = (byId.get(id)?.after ?? []).flatMap((previous) => [previous, ...visit(previous)]);
    const all = new Set<string>(before);
    earlier.set(id, all);
    return all;
  };
  for (const step of steps) visit(step.id);
  return earlier;
}

function isEarlier({ earlier }: Order, first: PlannedStep, second: PlannedStep): boolean {
  return earlier.get(second.id)?.has(first.id) === true;
}

function inputsFromLaterSteps({ steps, earlier }: Order): string[] {
  return steps.flatMap((step) =>
    Object.entries(step.inputs)
      .filter(([, input]) => earlier.get(step.id)?.has(input.fromStep) !== true)
      .map(([name, input]) => `step ${step.id} takes ${name} from ${input.fromStep}, which is not done before it`),
  );
}

function traitsThatDiffer(steps: readonly PlannedStep[]): string[] {
  return steps.flatMap((step) => {
    const traits = STEP_TRAITS[step.kind];
    return [
      ...(step.version === STEP_VERSIONS[step.kind] ? [] : [`step ${step.id} has version ${String(step.version)}`]),
      ...(step.restoresService === traits.restoresService ? [] : [`step ${step.id} has another restoresService`]),
      ...(step.reversible === traits.reversible ? [] : [`step ${step.id} has another reversible`]),
    ];
  });
}

function fencesWithoutStop(order: Order): string[] {
  const stops = order.steps.filter((step) => step.kind === 'stop-service');
  return order.steps
    .filter((step) => step.kind === 'fence-source' && !stops.some((stop) => isEarlier(order, stop, step)))
    .map((step) => `step ${step.id} fences before any service is stopped`);
}

/** What takes the application down and what ends that. One that we do not stop cannot write to a fenced database either. */
const OUTAGE: Readonly<Record<'served' | 'unserved', Outage>> = {
  served: { from: ['stop-service'], to: ['start-service'] },
  unserved: { from: ['fence-source'], to: ['publish-database', 'reinstate-source'] },
};

interface Outage {
  readonly from: readonly StepKind[];
  readonly to: readonly StepKind[];
}

/** Down is what lies from the begin of the outage to its end, and nothing else. */
function downOutsideTheOutage(order: Order, { from, to }: Outage): string[] {
  const stops = order.steps.filter((step) => from.includes(step.kind));
  const starts = order.steps.filter((step) => to.includes(step.kind));
  return order.steps.flatMap((step) => {
    const stopped = stops.some((stop) => stop === step || isEarlier(order, stop, step));
    const started = starts.some((start) => isEarlier(order, start, step));
    const down = stopped && !started;
    if (step.down === down) return [];
    return [
      `step ${step.id} ${down ? 'runs while the application is down' : 'is marked down but the application runs'}`,
    ];
  });
}

function pointOfNoReturnProblems(order: Order): string[] {
  const commanded = order.steps.filter((step) => step.pointOfNoReturn === 'commanded');
  const passed = order.steps.filter((step) => step.pointOfNoReturn === 'passed');
  if (commanded.length === 0 && passed.length === 0) return irreversibleSteps(order, undefined);
  const [first, last] = [commanded[0], passed[0]];
  if (commanded.length !== 1 || passed.length !== 1 || first === undefined || last === undefined)
    return ['a point of no return needs exactly one step that commits to it and one that passes it'];
  if (!isEarlier(order, first, last)) return [`step ${last.id} passes the point of no return before ${first.id}`];
  return irreversibleSteps(order, last);
}

function irreversibleSteps(order: Order, passing: PlannedStep | undefined): string[] {
  return order.steps
    .filter((step) => !step.reversible && (passing === undefined || !isEarlier(order, passing, step)))
    .map((step) => `step ${step.id} cannot be undone and stands before the point of no return`);
}

interface Prerequisite {
  readonly kind: StepKind;
  /** One of them, where there are several. */
  readonly needs: StepKind | readonly StepKind[];
  readonly because: string;
}

const PREREQUISITES: readonly Prerequisite[] = [
  { kind: 'fence-source', needs: 'capture-source', because: 'its undo has nothing to go back to' },
  { kind: 'dump-database', needs: 'fence-source', because: 'what is written meanwhile would be lost' },
  {
    kind: 'publish-database',
    // A file of somebody else has no record to be compared with: its plan warns of that.
    needs: ['verify-copy', 'verify-restore', 'restore-file'],
    because: 'an unproved copy would get the final name',
  },
  { kind: 'start-service', needs: 'stop-service', because: 'nothing was stopped' },
  { kind: 'retire-source', needs: 'dump-database', because: 'there is no backup' },
  { kind: 'reinstate-source', needs: 'dump-database', because: 'what is discarded would be gone' },
  { kind: 'reinstate-source', needs: 'fence-source', because: 'two databases would be written to' },
  { kind: 'swap-database', needs: 'verify-restore', because: 'an unproved copy would take the place of a database' },
  { kind: 'swap-database', needs: 'back-up-database', because: 'what is put aside would have no backup' },
  { kind: 'revert-migration', needs: 'back-up-database', because: 'a down script destroys' },
];

const SERVED_PREREQUISITES: readonly Prerequisite[] = [
  { kind: 'retire-source', needs: 'verify-connections', because: 'the application may still need it' },
];

/** Either a proved copy or the reinstated source has its place. */
const UNSERVED_PREREQUISITES: readonly Prerequisite[] = [
  { kind: 'retire-source', needs: ['publish-database', 'reinstate-source'], because: 'nothing has its place' },
];

function missingPrerequisites(order: Order, { kind, needs, because }: Prerequisite): string[] {
  const kinds: readonly StepKind[] = typeof needs === 'string' ? [needs] : needs;
  const needed = order.steps.filter((step) => kinds.includes(step.kind));
  return order.steps
    .filter((step) => step.kind === kind && !needed.some((other) => isEarlier(order, other, step)))
    .map((step) => `step ${step.id} has no ${kinds.join(' or ')} before it: ${because}`);
}
