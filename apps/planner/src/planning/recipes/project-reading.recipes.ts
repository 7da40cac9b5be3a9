import { failedChecks } from '#shared/contracts/preflight.js';
import { VALIDATION_CATEGORIES } from '#shared/contracts/projects.js';
import type { HealthRequest, ValidateRequest } from '#shared/contracts/requests/validate.request.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { HealthOutcome, ValidateOutcome } from '../outcome.js';
import { readProjectRegistry, type ProjectRegistry } from '../project-registry.js';
import { inSequence, planStep, type Compiled, type Recipe, type RecipeRequest } from '../recipe.js';
import { refuseForChecks } from '../refusal.js';
import { endpointOf } from '../upgrade-registry.js';
import {
  describedPlace,
  inspectProject,
  numbered,
  placeOf,
  READ_TIMEOUT_MS,
  readInspection,
  siteOfAll,
  WORK_TIMEOUT_MS,
  type ProjectPlace,
} from './project-parts.js';

const VERSION = 1;

/** Judges schema and data by category. Changes nothing, holds nothing: it may run beside anything else [d11]. */
export const validateRecipe: Recipe = {
  kind: 'validate',
  version: VERSION,
  inspect: (request) => {
    const registry = readProjectRegistry(request.registry);
    const databases = askedAliases(request, registry).map((alias) => ({ alias }));
    return inspectProject(registry, { databases, backup: false });
  },
  compile: (request, facts) => {
    const registry = readProjectRegistry(request.registry);
    const { checks, databases } = readInspection(facts);
    const asked = askedAliases(request, registry);
    const read = databases.filter(({ alias }) => asked.includes(alias));
    // Most of these checks are about an apply; here only those matter that kept a database from being read.
    if (read.length < asked.length && failedChecks(checks).length > 0) return refuseForChecks(checks);
    return validation(
      request,
      registry,
      read.map((inspected) => placeOf(inspected, registry)),
    );
  },
};

/** Looks at every database of a project now [e12]. */
export const healthRecipe: Recipe = {
  kind: 'health',
  version: VERSION,
  inspect: () => undefined,
  compile: (request) => {
    const { project, servers } = readProjectRegistry(request.registry);
    const { databases } = request.request as unknown as HealthRequest;
    const step = planStep({
      kind: 'check-health',
      params: { project, servers: servers.map(endpointOf), ...(databases === undefined ? {} : { databases }) },
      title: `check the health of ${databases?.join(', ') ?? `every database of ${project.name}`}`,
      phase: 'prepare',
      timeoutMs: READ_TIMEOUT_MS,
      ...siteOfAll(servers),
    });
    const outcome: HealthOutcome = { type: 'health', project: project.name, digest: project.digest };
    return planOf(request, 'health', { steps: [step], outcome });
  },
};

function askedAliases({ request }: RecipeRequest, { databases }: ProjectRegistry): string[] {
  const { database } = request as unknown as ValidateRequest;
  return database === undefined ? databases.map(({ alias }) => alias) : [database];
}

function validation(request: RecipeRequest, registry: ProjectRegistry, places: readonly ProjectPlace[]): Compiled {
  const { project } = registry;
  const judged = places.map((place, at) => stepsOf(request, registry, { place, at, of: places.length }));
  const outcome: ValidateOutcome = {
    type: 'validate',
    project: project.name,
    digest: project.digest,
    databases: places.map((place, at) => ({ ...describedPlace(place), steps: (judged[at] ?? []).map(({ id }) => id) })),
  };
  return planOf(request, 'validate', { steps: judged.flat(), outcome });
}

function stepsOf(
  { request }: RecipeRequest,
  { project }: ProjectRegistry,
  { place, at, of }: { readonly place: ProjectPlace; readonly at: number; readonly of: number },
) {
  const { categories = VALIDATION_CATEGORIES, upDownUp = false } = request as unknown as ValidateRequest;
  const common = { phase: 'prepare', site: place.site } as const;
  const checks = planStep({
    ...common,
    kind: 'validate-database',
    id: numbered('validate-database', at, of),
    params: { project, database: place.target, categories },
    title: `validate ${place.name}: ${categories.join(', ')}`,
    timeoutMs: READ_TIMEOUT_MS,
  });
  if (!upDownUp) return [checks];
  const reverts = planStep({
    ...common,
    kind: 'prove-reverts',
    id: numbered('prove-reverts', at, of),
    params: { project, database: place.target },
    title: `run each version of ${place.name} up, down and up again on a scratch database`,
    timeoutMs: WORK_TIMEOUT_MS,
  });
  return [checks, reverts];
}

function planOf(
  { title }: RecipeRequest,
  kind: string,
  { steps, outcome }: { readonly steps: ReturnType<typeof planStep>[]; readonly outcome: object },
): Compiled {
  return {
    outcome: 'plan',
    plan: {
      planVersion: 1,
      kind,
      recipeVersion: VERSION,
      title,
      steps: inSequence(steps),
      reservations: [],
      checks: [],
      warnings: [],
      outcome: asJsonObject(outcome),
    },
  };
}
