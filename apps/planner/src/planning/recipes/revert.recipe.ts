import { failedChecks } from '#shared/contracts/preflight.js';
import type { RevertRequest } from '#shared/contracts/requests/revert.request.js';
import type {
  InspectProjectParams,
  InspectProjectResult,
  RevertedMigration,
} from '#shared/contracts/steps/project-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { fromStep } from '../from-step.js';
import type { RevertOutcome } from '../outcome.js';
import { readProjectRegistry, type ProjectRegistry } from '../project-registry.js';
import { inSequence, planStep, type Compiled, type Recipe, type RecipeRequest, type UnplacedStep } from '../recipe.js';
import { refuseForChecks } from '../refusal.js';
import { COPY_JOBS } from './move-parts.js';
import { copyTimeoutMs, SHORT_TIMEOUT_MS } from './move-timeouts.js';
import {
  describedPlace,
  inspectProject,
  lookAt,
  nameOf,
  placeOf,
  readInspection,
  reservationsOf,
  safetyBackup,
  safetyProof,
  WORK_TIMEOUT_MS,
  type ProjectPlace,
} from './project-parts.js';
import { failedWarnings } from './restore-parts.js';

const VERSION = 1;

/** One version is taken back, after a safety backup: by its down script, another script, or a restore [d9 d10]. */
export const revertRecipe: Recipe = {
  kind: 'revert',
  version: VERSION,
  inspect: (request) => {
    const registry = readProjectRegistry(request.registry);
    const { database } = bodyOf(request);
    return inspectProject(registry, {
      databases: [{ alias: database }],
      revert: revertedOf(request, registry),
      backup: true,
    });
  },
  compile: (request, facts) => {
    const { checks, databases, revert } = readInspection(facts);
    const registry = readProjectRegistry(request.registry);
    const inspected = databases.find(({ alias }) => alias === bodyOf(request).database);
    if (failedChecks(checks).length > 0 || inspected === undefined || revert === undefined)
      return refuseForChecks(checks);
    return planOf({ request, registry, checks, place: placeOf(inspected, registry), migration: revert });
  },
};

function revertedOf(request: RecipeRequest, { backup }: ProjectRegistry): NonNullable<InspectProjectParams['revert']> {
  const { database, version, emergency } = bodyOf(request);
  return {
    database,
    version,
    ...(emergency?.script === undefined ? {} : { script: emergency.script }),
    ...(backup === undefined ? {} : { restore: true }),
  };
}

interface Parts {
  readonly request: RecipeRequest;
  readonly registry: ProjectRegistry;
  readonly checks: InspectProjectResult['checks'];
  readonly place: ProjectPlace;
  readonly migration: RevertedMigration;
}

function planOf(parts: Parts): Compiled {
  const { request, registry, checks, place } = parts;
  const { backup } = registry;
  return {
    outcome: 'plan',
    plan: {
      planVersion: 1,
      kind: 'revert',
      recipeVersion: VERSION,
      title: request.title,
      steps: inSequence([
        safetyBackup(place, 'before-revert', 'back-up-database'),
        // A swap destroys nothing: the live database is kept aside, whole. See ADR 0030.
        ...(backup === undefined ? [safetyProof(place), downStep(parts)] : restoreSteps(parts, backup)),
        lookAt(registry.project, [place]),
      ]),
      reservations: [
        ...reservationsOf(registry, [place]),
        ...(backup === undefined ? [] : [`backup:${backup.backupId}`]),
      ],
      checks,
      warnings: [...warningsOf(parts), ...failedWarnings(checks)],
      outcome: asJsonObject(outcomeOf(parts)),
    },
  };
}

function downStep({ request, registry: { project }, place, migration }: Parts): UnplacedStep {
  const { script } = bodyOf(request).emergency ?? {};
  return planStep({
    kind: 'revert-migration',
    params: {
      project,
      database: place.target,
      migration: named(migration),
      ...(script === undefined ? {} : { script }),
      revertedBy: request.requestedBy ?? 'unknown',
    },
    title: `revert ${nameOf(migration)} on ${place.name} by ${script ?? 'its down script'}`,
    phase: 'switch',
    timeoutMs: WORK_TIMEOUT_MS,
    site: place.site,
  });
}

function restoreSteps(parts: Parts, backup: NonNullable<ProjectRegistry['backup']>): UnplacedStep[] {
  const { place, migration, request, registry } = parts;
  const { address, schemas } = place.target;
  const { backupId } = backup;
  const role = place.inspected.databaseOwner ?? place.inspected.owner;
  const common = { backupId, server: address.server, role, jobs: COPY_JOBS };
  const workingName = fromStep('restore-backup', 'workingName');
  // Packed, a database is a fraction of its size.
  const timeoutMs = copyTimeoutMs(String(BigInt(backup.bytes) * 10n));
  const { site } = backup;
  return [
    planStep({
      kind: 'restore-backup',
      params: { ...common, database: address.database },
      title: `restore the backup of ${backup.createdAt} beside ${place.name}`,
      phase: 'prepare',
      timeoutMs,
      site,
    }),
    planStep({
      kind: 'verify-restore',
      params: { ...common, workingName },
      title: 'compare every row and object with what was backed up',
      phase: 'prepare',
      timeoutMs,
      site,
    }),
    planStep({
      kind: 'swap-database',
      params: {
        address,
        workingName,
        project: registry.project,
        migration: named(migration),
        schemas,
        revertedBy: request.requestedBy ?? 'unknown',
      },
      title: `swap ${place.name} for the restored one, keep it aside`,
      phase: 'switch',
      timeoutMs: SHORT_TIMEOUT_MS,
      site: place.site,
    }),
  ];
}

function warningsOf({ registry: { backup }, place, migration }: Parts): string[] {
  if (backup === undefined) return [];
  return [
    `what was written to ${place.name} since ${backup.createdAt} is not in the restored database; it stays in the one that is kept aside, and in the safety backup`,
    `sessions on ${place.name} are ended when the restored database takes its place`,
    `versions that were applied after ${backup.createdAt}, with ${nameOf(migration)}, are pending again`,
  ];
}

function outcomeOf({ request, registry: { project, backup }, place, migration }: Parts): RevertOutcome {
  const { script } = bodyOf(request).emergency ?? {};
  return {
    type: 'revert',
    project: project.name,
    digest: project.digest,
    ...describedPlace(place),
    migration: nameOf(migration),
    by: backup !== undefined ? 'restore' : script !== undefined ? 'emergency-script' : 'down-script',
    ...(backup === undefined ? {} : { restored: backup.backupId }),
  };
}

/** The inspection tells more of it than the steps take. */
function named({ app, version, name }: RevertedMigration) {
  return { app, version, name };
}

function bodyOf({ request }: RecipeRequest): RevertRequest {
  return request as unknown as RevertRequest;
}
