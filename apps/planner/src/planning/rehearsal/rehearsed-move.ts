import type { Plan, PlannedStep } from '#shared/contracts/plan.js';
import type { DatabaseAddress, ServerEndpoint } from '#shared/contracts/registry.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { fromStep } from '../from-step.js';
import type { RehearsalOutcome } from '../outcome.js';
import { planStep, type UnplacedStep } from '../recipe.js';
import { COPY_JOBS } from '../recipes/move-parts.js';
import { isAddress, isEndpoint } from './planned-address.js';
import type { Rehearsed } from './rehearsed.js';

/** What each step of a rehearsal stands for in the plan that it rehearses. */
const STANDS_FOR: RehearsalOutcome['standsFor'] = {
  'back-up-database': ['dump-database'],
  'verify-backup': ['restore-database', 'apply-privileges', 'copy-settings', 'verify-copy'],
};

/** What cannot be measured without stopping anything, in ms for each such step; said in the result. */
const ASSUMED_MS: Readonly<Partial<Record<StepKind, number>>> = { 'stop-service': 5_000, 'start-service': 15_000 };
const ASSUMED_OTHER_MS = 500;

/**
 * A move: the database is backed up while it is used, the backup restored into a scratch database, given its privileges and
 * settings, compared and dropped.
 * @returns undefined for a plan that moves nothing
 */
export function rehearsedMove(plan: Plan): Rehearsed | undefined {
  const dump = plan.steps.find(({ kind }) => kind === 'dump-database');
  const restore = plan.steps.find(({ kind }) => kind === 'restore-database');
  const source = dump?.params['source'];
  if (dump === undefined || restore === undefined || !isAddress(source)) return undefined;
  const target = restore.params['server'];
  const known = isEndpoint(target) ? target : undefined;
  return {
    steps: stepsOf({ dump, restore, source, server: known ?? source.server }),
    warnings: known === undefined ? [ON_THE_SOURCE] : [],
    outcome: outcomeOf(plan),
  };
}

const ON_THE_SOURCE =
  'the server that the move would provision is not there yet: the copy is restored on the source server, so the times are those of its disks and its load';

interface Parts {
  readonly dump: PlannedStep;
  readonly restore: PlannedStep;
  readonly source: DatabaseAddress;
  readonly server: ServerEndpoint;
}

function stepsOf({ dump, restore, source, server }: Parts): UnplacedStep[] {
  const place = `${source.database} on ${source.server.name}`;
  return [
    planStep({
      kind: 'back-up-database',
      params: { source, label: 'rehearsal', tier: 'manual', compression: 'gzip', jobs: COPY_JOBS },
      title: `back up ${place} while it is used`,
      phase: 'prepare',
      timeoutMs: dump.timeoutMs,
      site: dump.site,
    }),
    planStep({
      kind: 'verify-backup',
      params: { backupId: fromStep('back-up-database', 'backupId'), server, jobs: COPY_JOBS },
      title: `restore the backup of ${place} on ${server.name}, compare and drop it`,
      phase: 'prepare',
      timeoutMs: 2 * restore.timeoutMs,
      site: dump.site,
    }),
  ];
}

function outcomeOf({ steps }: Plan): RehearsalOutcome {
  const measured = new Set<string>(Object.values(STANDS_FOR).flat());
  const assumed = steps
    .filter((step) => (step.down || step.kind === 'start-service') && !measured.has(step.kind))
    .map(({ kind }) => ({ kind, ms: ASSUMED_MS[kind] ?? ASSUMED_OTHER_MS }));
  return {
    type: 'rehearsal',
    standsFor: STANDS_FOR,
    assumed,
  };
}
