import type { PendingMigration } from '#shared/contracts/projects.js';
import type { InspectProjectResult, ProjectPin } from '#shared/contracts/steps/project-steps.js';
import type { MigrationSegment } from '../migration-segments.js';
import { planStep, type UnplacedStep } from '../recipe.js';
import { copyTimeoutMs } from './move-timeouts.js';
import {
  lookAt,
  nameOf,
  numbered,
  READ_TIMEOUT_MS,
  safetyBackup,
  WORK_TIMEOUT_MS,
  type ProjectPlace,
} from './project-parts.js';

/** Everything the steps of an apply are written from. */
export interface ApplyParts {
  readonly project: ProjectPin;
  /** In the project's order. */
  readonly places: readonly ProjectPlace[];
  readonly segments: readonly MigrationSegment[];
  readonly commands: InspectProjectResult['commands'];
  readonly backup: boolean;
  readonly appliedBy: string;
}

/** Back up, prove what is faked, apply in an order in which nothing is missed, look at what came of it. */
export function applySteps(parts: ApplyParts): UnplacedStep[] {
  return [
    ...backups(parts),
    ...proofs(parts),
    ...programs(parts, 'before'),
    ...applications(parts),
    ...programs(parts, 'after'),
    ...validations(parts),
    ...look(parts),
  ];
}

/** Only where something runs: a record in the tracking table is no danger to anything. */
export function backedUp({ places, commands }: Pick<ApplyParts, 'places' | 'commands'>): ProjectPlace[] {
  return places.filter(
    ({ inspected: { alias, pending } }) =>
      pending.some(({ action }) => action === 'run') || commands.some(({ database }) => database === alias),
  );
}

function backups(parts: ApplyParts): UnplacedStep[] {
  const places = parts.backup ? backedUp(parts) : [];
  return places.map((place, at) =>
    safetyBackup(place, 'before-apply', numbered('back-up-database', at, places.length)),
  );
}

function proofs({ project, places }: ApplyParts): UnplacedStep[] {
  const faked = places
    .map((place) => ({ place, migrations: place.inspected.pending.filter(({ action }) => action === 'fake') }))
    .filter(({ migrations }) => migrations.length > 0);
  return faked.map(({ place, migrations }, at) =>
    planStep({
      kind: 'prove-fakes',
      id: numbered('prove-fakes', at, faked.length),
      params: { project, database: place.target, migrations: migrations.map(toldToStep) },
      title: `prove that ${place.name} holds what ${listed(migrations)} would have made`,
      phase: 'prepare',
      timeoutMs: READ_TIMEOUT_MS + copyTimeoutMs('0'),
      site: place.site,
    }),
  );
}

function programs({ project, places, commands }: ApplyParts, when: 'before' | 'after'): UnplacedStep[] {
  const all = commands.map((command, at) => ({ command, id: numbered('run-command', at, commands.length) }));
  return all
    .filter(({ command }) => command.when === when)
    .flatMap(({ command: { name, database, argv }, id }) => {
      const place = places.find(({ inspected }) => inspected.alias === database);
      if (place === undefined) return [];
      return planStep({
        kind: 'run-command',
        id,
        params: { project, name, database: place.target, argv },
        title: `run ${name} beside ${place.name}: ${argv.join(' ')}`,
        phase: 'switch',
        timeoutMs: WORK_TIMEOUT_MS,
        site: place.site,
      });
    });
}

function applications({ project, places, segments, appliedBy }: ApplyParts): UnplacedStep[] {
  return segments.flatMap(({ alias, migrations }, at) => {
    const place = places.find(({ inspected }) => inspected.alias === alias);
    if (place === undefined) return [];
    return planStep({
      kind: 'apply-migrations',
      id: numbered('apply-migrations', at, segments.length),
      params: { project, database: place.target, migrations: migrations.map(toldToStep), appliedBy },
      title:
        migrations.length === 0
          ? `grant ${place.inspected.application ?? 'the application'} rows and sequences of ${place.name}`
          : `apply to ${place.name}: ${workOf(migrations)}`,
      phase: 'switch',
      timeoutMs: WORK_TIMEOUT_MS,
      site: place.site,
    });
  });
}

/** Its order and its warnings are made of the rest; the step reads its script. */
function toldToStep({ requires: _requires, phase: _phase, ...migration }: PendingMigration): PendingMigration {
  return migration;
}

function validations({ project, places, segments }: ApplyParts): UnplacedStep[] {
  const changed = places.filter(({ inspected }) => segments.some(({ alias }) => alias === inspected.alias));
  return changed.map((place, at) =>
    planStep({
      kind: 'validate-database',
      id: numbered('validate-database', at, changed.length),
      params: { project, database: place.target, categories: ['schema'] },
      title: `validate the schema of ${place.name}`,
      phase: 'finish',
      timeoutMs: READ_TIMEOUT_MS,
      site: place.site,
    }),
  );
}

/** So that status and health tell of what stands now, not of what the last regular look saw. */
function look({ project, places, segments }: ApplyParts): UnplacedStep[] {
  const changed = places.filter(({ inspected }) => segments.some(({ alias }) => alias === inspected.alias));
  return changed.length === 0 ? [] : [lookAt(project, changed)];
}

/** `run simulation/0004_results and 1 more; record 3 as faked, 8 as living elsewhere` */
function workOf(migrations: readonly PendingMigration[]): string {
  const by = (action: PendingMigration['action']) => migrations.filter((one) => one.action === action);
  const [run, faked, elsewhere] = [by('run'), by('fake'), by('elsewhere')];
  const records = [
    ...(faked.length === 0 ? [] : [`${String(faked.length)} as faked`]),
    ...(elsewhere.length === 0 ? [] : [`${String(elsewhere.length)} as living elsewhere`]),
  ];
  return [
    ...(run.length === 0 ? [] : [`run ${listed(run)}`]),
    ...(records.length === 0 ? [] : [`record ${records.join(', ')}`]),
  ].join('; ');
}

function listed(migrations: readonly PendingMigration[]): string {
  const [first, second, ...more] = migrations.map(nameOf);
  if (first === undefined) return 'nothing';
  if (second === undefined) return first;
  return more.length === 0 ? `${first} and ${second}` : `${first} and ${String(more.length + 1)} more`;
}
