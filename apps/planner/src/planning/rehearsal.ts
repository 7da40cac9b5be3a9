import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import type { Plan, PlannedStep } from '#shared/contracts/plan.js';
import type { DatabaseAddress, ServerEndpoint } from '#shared/contracts/registry.js';
import { asJsonObject, type StepKind } from '#shared/contracts/steps/step-kinds.js';
import { fromStep } from './from-step.js';
import type { RehearsalOutcome } from './outcome.js';
import { inSequence, planStep, type Compiled, type UnplacedStep } from './recipe.js';
import { COPY_JOBS } from './recipes/move-parts.js';

/** What each step of a rehearsal stands for in the plan that it rehearses. */
const STANDS_FOR: RehearsalOutcome['standsFor'] = {
  'back-up-database': ['dump-database'],
  'verify-backup': ['restore-database', 'apply-privileges', 'copy-settings', 'verify-copy'],
};

/** What cannot be measured without stopping anything, in ms for each such step; said in the result. */
const ASSUMED_MS: Readonly<Partial<Record<StepKind, number>>> = { 'stop-service': 5_000, 'start-service': 15_000 };
const ASSUMED_OTHER_MS = 500;

/**
 * The plan of a move on copies: the database is backed up while it is used, the backup restored into a scratch database,
 * given its privileges and settings, compared and dropped. No service, no file, no record is touched.
 */
export function rehearsalOf(plan: Plan, subject: string): Compiled {
  const dump = plan.steps.find(({ kind }) => kind === 'dump-database');
  const restore = plan.steps.find(({ kind }) => kind === 'restore-database');
  const source = dump?.params['source'];
  if (dump === undefined || restore === undefined || !isAddress(source))
    return refused(
      plan,
      'this request copies no database, so there is nothing to rehearse; leave options.rehearse out',
    );
  const target = restore.params['server'];
  const known = isEndpoint(target) ? target : undefined;
  return {
    outcome: 'plan',
    plan: {
      planVersion: 1,
      kind: plan.kind,
      recipeVersion: plan.recipeVersion,
      title: plan.title,
      steps: inSequence(stepsOf({ dump, restore, source, server: known ?? source.server })),
      // The database itself goes on being used, by others too.
      reservations: [subject],
      checks: plan.checks,
      warnings: [...plan.warnings, ...(known === undefined ? [ON_THE_SOURCE] : [])],
      outcome: asJsonObject(outcomeOf(plan)),
    },
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

function outcomeOf({ steps, maxDowntimeMs }: Plan): RehearsalOutcome {
  const measured = new Set<string>(Object.values(STANDS_FOR).flat());
  const assumed = steps
    .filter((step) => (step.down || step.kind === 'start-service') && !measured.has(step.kind))
    .map(({ kind }) => ({ kind, ms: ASSUMED_MS[kind] ?? ASSUMED_OTHER_MS }));
  return {
    type: 'rehearsal',
    standsFor: STANDS_FOR,
    assumed,
    ...(maxDowntimeMs === undefined ? {} : { maxDowntimeMs }),
  };
}

function refused({ checks }: Plan, detail: string): Compiled {
  return { outcome: 'refused', reasons: [{ code: 'OPTION_UNSUPPORTED', detail }], checks };
}

/** The parser: what the recipe itself wrote into its step, if it was known when the plan was made. */
function isAddress(value: JsonValue | undefined): value is JsonValue & DatabaseAddress {
  return isObject(value) && typeof value['database'] === 'string' && isEndpoint(value['server']);
}

function isEndpoint(value: JsonValue | undefined): value is JsonValue & ServerEndpoint {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['host'] === 'string';
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
