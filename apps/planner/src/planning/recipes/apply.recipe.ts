import { failedChecks } from '#shared/contracts/preflight.js';
import type { ApplyRequest } from '#shared/contracts/requests/apply.request.js';
import type { InspectProjectResult } from '#shared/contracts/steps/project-steps.js';
import type { PlannedStep } from '#shared/contracts/plan.js';
import { asJsonObject, type StepKind } from '#shared/contracts/steps/step-kinds.js';
import { segmentsOf, type MigrationSegment } from '../migration-segments.js';
import type { ApplyOutcome } from '../outcome.js';
import { readProjectRegistry, type ProjectRegistry } from '../project-registry.js';
import { inSequence, type Compiled, type Recipe, type RecipeRequest, type UnplacedStep } from '../recipe.js';
import { reasonOf } from '../refusal.js';
import { forgotten, selectionOf } from './apply-coverage.js';
import { applySteps, backedUp, type ApplyParts } from './apply-steps.js';
import {
  describedPlace,
  inspectProject,
  nameOf,
  placeOf,
  readInspection,
  reservationsOf,
  type ProjectPlace,
} from './project-parts.js';
import { failedWarnings } from './restore-parts.js';

const VERSION = 1;

/** Versioned migrations over one or many databases: all that the router names, none forgotten [d8 e3 e17]. */
export const applyRecipe: Recipe = {
  kind: 'apply',
  version: VERSION,
  inspect: (request) => {
    const registry = readProjectRegistry(request.registry);
    const body = bodyOf(request);
    return inspectProject(registry, { databases: selectionOf(body, registry), backup: body.backup !== false });
  },
  compile: (request, facts) => compileApply(request, readProjectRegistry(request.registry), readInspection(facts)),
};

function compileApply(request: RecipeRequest, registry: ProjectRegistry, facts: InspectProjectResult): Compiled {
  const { checks } = facts;
  const reasons = [...failedChecks(checks).map(reasonOf), ...forgotten(bodyOf(request), registry, facts.routed)];
  if (reasons.length > 0) return { outcome: 'refused', reasons, checks };
  requireAll(request, registry, facts);
  const segments = segmentsOf(facts.databases);
  if (segments.outcome === 'stuck') return refuseStuck(segments.waiting, facts);
  return planOf(request, registry, facts, [...segments.segments, ...grantsOnly(facts)]);
}

/** An application that was named after everything was applied gets its rights by an apply of nothing. */
function grantsOnly({ databases }: InspectProjectResult): MigrationSegment[] {
  return databases
    .filter(({ lacksGrants, pending }) => lacksGrants === true && pending.length === 0)
    .map(({ alias }) => ({ alias, migrations: [] }));
}

/** A database that was asked for, could not be read and has no failed check would be forgotten silently. */
function requireAll(request: RecipeRequest, registry: ProjectRegistry, { databases }: InspectProjectResult): void {
  const missing = selectionOf(bodyOf(request), registry).find(
    ({ alias }) => !databases.some((database) => database.alias === alias),
  );
  if (missing !== undefined) throw new RangeError(`the inspection says nothing of the database ${missing.alias}`);
}

function refuseStuck(waiting: readonly string[], { checks }: InspectProjectResult): Compiled {
  const detail = `these wait for each other: ${waiting.join(', ')}; ask for all apps of these databases, or in two requests`;
  return { outcome: 'refused', reasons: [{ code: 'PREFLIGHT_FAILED', detail }], checks };
}

function planOf(
  request: RecipeRequest,
  registry: ProjectRegistry,
  facts: InspectProjectResult,
  segments: readonly MigrationSegment[],
): Compiled {
  const parts: ApplyParts = {
    project: registry.project,
    places: facts.databases.map((inspected) => placeOf(inspected, registry)),
    segments,
    commands: facts.commands.filter((command) => isDue(command, facts)),
    backup: bodyOf(request).backup !== false,
    appliedBy: request.requestedBy ?? 'unknown',
  };
  const steps = applySteps(parts);
  return {
    outcome: 'plan',
    plan: {
      planVersion: 1,
      kind: 'apply',
      recipeVersion: VERSION,
      title: request.title,
      steps: readersLast(steps),
      reservations: reservationsOf(registry, parts.places),
      checks: facts.checks,
      warnings: [...warningsOf(request, parts), ...failedWarnings(facts.checks)],
      outcome: asJsonObject(outcomeOf(request, parts, steps)),
    },
  };
}

/** What only reads is done side by side, once everything is written. */
function readersLast(steps: readonly UnplacedStep[]): PlannedStep[] {
  const written = inSequence(steps.filter(({ kind }) => !READERS.includes(kind)));
  const last = written.at(-1);
  const after = last === undefined ? [] : [last.id];
  return [...written, ...steps.filter(({ kind }) => READERS.includes(kind)).map((step) => ({ ...step, after }))];
}

const READERS: readonly StepKind[] = ['validate-database', 'check-health'];

/** Nothing tells whether a program has anything to do: it is run unless the project says when it need not be. */
function isDue(
  { database: alias, runs = 'always' }: InspectProjectResult['commands'][number],
  { databases }: InspectProjectResult,
): boolean {
  const database = databases.find((one) => one.alias === alias);
  return database !== undefined && (runs === 'always' || database.pending.length > 0 || database.applied === 0);
}

function outcomeOf(request: RecipeRequest, parts: ApplyParts, steps: readonly UnplacedStep[]): ApplyOutcome {
  return {
    type: 'apply',
    project: parts.project.name,
    digest: parts.project.digest,
    databases: parts.places.map((place) => ({
      ...describedPlace(place),
      steps: steps.filter((step) => isAbout(step, place)).map(({ id }) => id),
    })),
    leftOut: bodyOf(request).leaveOut ?? {},
  };
}

/** A step names the database by alias, a backup only by its address. */
function isAbout({ params }: UnplacedStep, { target, inspected }: ProjectPlace): boolean {
  const { database, source } = params as {
    readonly database?: { readonly alias?: string };
    readonly source?: { readonly database?: string; readonly server?: { readonly name?: string } };
  };
  if (database !== undefined) return database.alias === inspected.alias;
  return source?.database === target.address.database && source.server?.name === target.address.server.name;
}

function warningsOf(request: RecipeRequest, parts: ApplyParts): string[] {
  const unsaved = parts.backup ? [] : backedUp(parts);
  return [
    ...unsaved.map(({ name }) => `no backup of ${name} is made: what goes wrong cannot be taken back by a restore`),
    ...Object.entries(bodyOf(request).leaveOut ?? {}).map(([alias, reason]) => `${alias} is left as it is: ${reason}`),
    ...parts.segments.flatMap(({ alias, migrations }) =>
      migrations.filter(({ action }) => action === 'run').flatMap((migration) => riskOf(migration, alias)),
    ),
  ];
}

function riskOf(migration: MigrationSegment['migrations'][number], alias: string): string[] {
  const what = `${nameOf(migration)} on ${alias}`;
  return [
    ...(migration.phase === 'contract'
      ? [`${what} contracts: it takes away what the release before still uses; every part of that must be gone by now`]
      : []),
    ...(migration.interrupted === true
      ? [`${what} was interrupted: it goes on behind the last statement that was finished`]
      : []),
    ...(migration.transactional === false
      ? [`${what} runs outside a transaction: when a statement fails, those before it stand`]
      : []),
  ];
}

function bodyOf({ request }: RecipeRequest): ApplyRequest {
  return request as unknown as ApplyRequest;
}
