import type { JsonObject } from '#shared/contracts/json.js';
import type { Plan } from '#shared/contracts/plan.js';
import { failedChecks, type PreflightCheck } from '#shared/contracts/preflight.js';
import { asJsonObject, type ParamsOf } from '#shared/contracts/steps/step-kinds.js';
import type { InspectMoveResult } from '#shared/contracts/steps/inspection-steps.js';
import type { MoveOutcome, ResizeOutcome } from '../outcome.js';
import { inSequence, type Compiled, type InspectCommand, type Recipe, type RecipeRequest } from '../recipe.js';
import { readOptions } from '../request-options.js';
import { refuseForChecks } from '../refusal.js';
import { endpointOf, readUpgradeRegistry, upgradeMoves, type UpgradeRegistry } from '../upgrade-registry.js';
import { cutoverSteps, prepareSteps } from './move-copy-steps.js';
import { moveParts, resourcesOf, type MoveParts } from './move-parts.js';
import { retireStep, switchSteps } from './move-switch-steps.js';
import { SHORT_TIMEOUT_MS } from './move-timeouts.js';
import { resizeOnlySteps } from './resize-steps.js';
import { moveChecks, resizeChecks, upgradeWarnings } from './upgrade-checks.js';

const VERSION = 1;

/** A tenant gets another subscription plan: shared to dedicated moves its database, all else only resizes [c1 c2 c3]. */
export const upgradeRecipe: Recipe = {
  kind: 'upgrade',
  version: VERSION,
  inspect: ({ registry }) => {
    const snapshot = readUpgradeRegistry(registry);
    return upgradeMoves(snapshot.instance, snapshot.entitlements.to) ? inspectCommand(snapshot) : undefined;
  },
  compile: (request, facts) => {
    const registry = readUpgradeRegistry(request.registry);
    if (!upgradeMoves(registry.instance, registry.entitlements.to)) return compileResize(request, registry);
    return compileMove(request, registry, facts);
  },
};

function inspectCommand({ instance, source, service }: UpgradeRegistry): InspectCommand {
  const params: ParamsOf<'inspect-move'> = {
    source: { server: endpointOf(source), database: instance.database },
    owner: instance.owner,
    service,
  };
  return {
    kind: 'inspect-move',
    params: asJsonObject(params),
    timeoutMs: SHORT_TIMEOUT_MS,
    ...(service.site === undefined ? {} : { site: service.site }),
  };
}

function compileResize(request: RecipeRequest, registry: UpgradeRegistry): Compiled {
  const checks = resizeChecks(registry);
  if (failedChecks(checks).length > 0) return refuseForChecks(checks);
  const { instance, service, entitlements } = registry;
  const outcome: ResizeOutcome = {
    type: 'resize',
    instanceId: instance.instanceId,
    plan: entitlements.to.plan,
    ...resourcesOf(entitlements.to),
  };
  return {
    outcome: 'plan',
    plan: {
      ...planHead(request, registry, checks),
      steps: inSequence(resizeOnlySteps(registry)),
      reservations: [`instance:${instance.instanceId}`, `service:${service.name}`],
      outcome: asJsonObject(outcome),
    },
  };
}

function compileMove(request: RecipeRequest, registry: UpgradeRegistry, facts: JsonObject | undefined): Compiled {
  const { checks: inspected, database, tools } = readInspection(facts);
  const checks = [...inspected, ...moveChecks(registry, { database, tools })];
  if (failedChecks(checks).length > 0 || database === undefined || tools === undefined) return refuseForChecks(checks);
  const parts = moveParts(registry, database, tools);
  const { maxDowntimeMs } = readOptions(request.request);
  return {
    outcome: 'plan',
    plan: {
      ...planHead(request, registry, checks),
      steps: inSequence([...prepareSteps(parts), ...cutoverSteps(parts), ...switchSteps(parts), retireStep(parts)]),
      reservations: moveReservations(parts),
      outcome: asJsonObject(moveOutcome(parts)),
      fingerprint: database.fingerprint,
      ...(maxDowntimeMs === undefined ? {} : { maxDowntimeMs }),
    },
  };
}

function planHead(request: RecipeRequest, registry: UpgradeRegistry, checks: readonly PreflightCheck[]) {
  return {
    planVersion: 1,
    kind: 'upgrade',
    recipeVersion: VERSION,
    title: request.title,
    checks,
    warnings: upgradeWarnings(registry, checks),
  } as const satisfies Partial<Plan>;
}

/** Everything that another migration must leave alone meanwhile. */
function moveReservations({ registry, source }: MoveParts): string[] {
  const { instance, service } = registry;
  return [
    `instance:${instance.instanceId}`,
    `database:${source.server.name}/${source.database}`,
    `service:${service.name}`,
    ...filesOf(service).map((path) => `file:${path}`),
  ];
}

/** Each once: two entries may name keys of the same file. */
function filesOf({ configFiles, secretFile }: MoveParts['registry']['service']): string[] {
  const paths = [...configFiles, ...(secretFile === undefined ? [] : [secretFile])].map(({ path }) => path);
  return [...new Set(paths)];
}

function moveOutcome({ registry, source }: MoveParts): MoveOutcome {
  const { instance, entitlements } = registry;
  return {
    type: 'move',
    instanceId: instance.instanceId,
    plan: entitlements.to.plan,
    database: source.database,
    from: {
      dbServerId: source.server.name,
      host: source.server.host,
      port: source.server.port,
      user: instance.owner,
      dbType: instance.dbType,
      ...(instance.secretRef === undefined ? {} : { secretRef: instance.secretRef }),
    },
  };
}

/** An inspection that says nothing is one whose every fact is missing, and is refused as such. */
function readInspection(facts: JsonObject | undefined): InspectMoveResult {
  if (facts === undefined || !Array.isArray(facts['checks'])) return { checks: [] };
  return facts as unknown as InspectMoveResult;
}
