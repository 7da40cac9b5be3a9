import type { JsonObject } from '#shared/contracts/json.js';
import type { PlannedStep, Plan } from '#shared/contracts/plan.js';
import type { DatabaseAddress } from '#shared/contracts/registry.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { fromStep } from '../from-step.js';
import type { RehearsalOutcome } from '../outcome.js';
import { planStep, type UnplacedStep } from '../recipe.js';
import { COPY_JOBS } from '../recipes/move-parts.js';
import { numbered } from '../recipes/project-parts.js';
import { isAddress, isObject } from './planned-address.js';
import type { Rehearsed } from './rehearsed.js';

/** They work on databases that are used: a rehearsal gives each of these a copy. */
const WORK: readonly StepKind[] = ['apply-migrations', 'revert-migration'];
/** With them what looks at what they have made. */
const ON_COPY: readonly StepKind[] = [...WORK, 'validate-database'];
/** What they make is their own or aside, and gone when they are undone; or they only read. */
const ASIDE: readonly StepKind[] = [
  'back-up-database',
  'verify-backup',
  'restore-backup',
  'restore-file',
  'verify-restore',
  'prove-fakes',
  'prove-reverts',
];
/** They stand before the work and leave the database alone. */
const PROOFS: readonly StepKind[] = ['prove-fakes', 'verify-backup'];
const READS: readonly StepKind[] = ['validate-database', 'check-health'];

/**
 * Everything but a move: migrations are applied and reverted on a copy of each database, on its server; backups, restores and
 * checks are what they are, for they leave what is used alone.
 * @returns undefined when nothing of the plan can be done so
 */
export function rehearsedWork(plan: Plan): Rehearsed | undefined {
  const databases = workedOn(plan.steps);
  const steps = databases.length === 0 ? asideOf(plan.steps) : onCopies(plan.steps, databases);
  if (steps.length === 0 && plan.steps.length > 0) return undefined;
  return { steps, warnings: [...warningsOf(plan.steps, steps), ...loadOf(databases)], outcome: outcomeOf(plan, steps) };
}

/** A database that gets a copy. */
interface WorkedOn {
  readonly alias: string;
  readonly address: DatabaseAddress;
  readonly timeoutMs: number;
  readonly site: string | undefined;
}

function workedOn(steps: readonly PlannedStep[]): WorkedOn[] {
  const found = new Map<string, WorkedOn>();
  for (const { kind, params, timeoutMs, site } of steps) {
    const database = params['database'];
    if (!WORK.includes(kind) || !isObject(database) || !isAddress(database['address'])) continue;
    const alias = aliasOf(params);
    found.set(alias, { alias, address: database['address'], timeoutMs, site });
  }
  return [...found.values()];
}

function asideOf(steps: readonly PlannedStep[]): UnplacedStep[] {
  return steps.filter(({ kind }) => ASIDE.includes(kind) || READS.includes(kind)).map(withoutKeeping);
}

/** A safety backup stays whatever comes of its migration; one of a rehearsal goes with it. */
function withoutKeeping({ after: _after, ...step }: PlannedStep): UnplacedStep {
  const { kept: _kept, ...params } = step.params;
  return { ...step, params };
}

function onCopies(steps: readonly PlannedStep[], databases: readonly WorkedOn[]): UnplacedStep[] {
  const restores = new Map(databases.map(({ alias }, at) => [alias, numbered('restore-backup', at, databases.length)]));
  const done = steps.flatMap(({ after: _after, ...step }): UnplacedStep[] => {
    if (PROOFS.includes(step.kind)) return [step];
    const restore = ON_COPY.includes(step.kind) ? restores.get(aliasOf(step.params)) : undefined;
    return restore === undefined ? [] : [onCopy(step, restore)];
  });
  return [...databases.flatMap((database, at) => copyOf(database, at, databases.length)), ...done];
}

function aliasOf({ database }: JsonObject): string {
  const alias = isObject(database) ? database['alias'] : undefined;
  return typeof alias === 'string' ? alias : '';
}

/** The step as it is, but for the name of the database. */
function onCopy(step: UnplacedStep, restore: string): UnplacedStep {
  const database = step.params['database'] as JsonObject;
  const { database: _live, ...address } = database['address'] as JsonObject;
  return {
    ...step,
    params: { ...step.params, database: { ...database, address, copy: true } },
    inputs: { ...step.inputs, 'database.address.database': fromStep('restore-backup', 'workingName', restore).input },
    title: `${step.title}, on its copy`,
  };
}

function copyOf({ alias, address, timeoutMs, site }: WorkedOn, at: number, of: number): UnplacedStep[] {
  const backUp = numbered('back-up-database', at, of);
  const place = `${alias} (${address.database} on ${address.server.name})`;
  return [
    planStep({
      kind: 'back-up-database',
      id: backUp,
      params: { source: address, label: 'rehearsal', tier: 'manual', compression: 'gzip', jobs: COPY_JOBS },
      title: `back up ${place} while it is used`,
      phase: 'prepare',
      timeoutMs,
      site,
    }),
    planStep({
      kind: 'restore-backup',
      id: numbered('restore-backup', at, of),
      params: {
        backupId: fromStep('back-up-database', 'backupId', backUp),
        server: address.server,
        database: address.database,
        jobs: COPY_JOBS,
      },
      title: `restore it beside ${place}, as the copy to work on`,
      phase: 'prepare',
      timeoutMs,
      site,
    }),
  ];
}

function warningsOf(planned: readonly PlannedStep[], rehearsed: readonly UnplacedStep[]): string[] {
  const kinds = new Set(rehearsed.map(({ kind }) => kind));
  return planned
    .filter(({ kind }) => !kinds.has(kind) && !READS.includes(kind) && !ASIDE.includes(kind))
    .map(({ title }) => `not rehearsed: ${title}`);
}

function loadOf(databases: readonly WorkedOn[]): string[] {
  const servers = [...new Set(databases.map(({ address }) => address.server.name))];
  if (servers.length === 0) return [];
  return [`the copies stand on ${servers.join(' and ')} meanwhile, which need room for them and do the work`];
}

function outcomeOf({ steps: planned }: Plan, steps: readonly UnplacedStep[]): RehearsalOutcome {
  const kinds = [...new Set(steps.map(({ kind }) => kind))];
  return {
    type: 'rehearsal',
    // A copy that only the rehearsal needs stands for nothing.
    standsFor: Object.fromEntries(
      kinds.map((kind) => [kind, planned.some((step) => step.kind === kind) ? [kind] : []]),
    ),
    assumed: [],
    down: false,
  };
}
