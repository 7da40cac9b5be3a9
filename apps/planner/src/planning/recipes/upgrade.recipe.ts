import type { JsonObject } from '#shared/contracts/json.js';
import type { Plan } from '#shared/contracts/plan.js';
import { failedChecks, type PreflightCheck } from '#shared/contracts/preflight.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf } from '#shared/contracts/steps/step-types.js';
import type { MoveOutcome, ResizeOutcome } from '../outcome.js';
import { inSequence, type Compiled, type InspectCommand, type Recipe, type RecipeRequest } from '../recipe.js';
import { readOptions } from '../request-options.js';
import { refuseForChecks } from '../refusal.js';
import { endpointOf, readUpgradeRegistry, upgradeMoves, type UpgradeRegistry } from '../upgrade-registry.js';
import { readInspection } from './move-checks.js';
import { provisionStep } from './move-copy-steps.js';
import { provisionedTarget, resourcesOf, type MoveParts } from './move-parts.js';
import { moveSteps, reservationsOf } from './move-plan.js';
import { SHORT_TIMEOUT_MS } from './move-timeouts.js';
import { resizable, resizeOnlySteps } from './resize-steps.js';
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
  const { instance, service, servers } = registry;
  const parts = upgradeParts(registry, { facts: database, tools });
  const { maxDowntimeMs } = readOptions(request.request);
  const provision = provisionStep(instance.database, { instanceId: instance.instanceId, knownServers: servers });
  return {
    outcome: 'plan',
    plan: {
      ...planHead(request, registry, checks),
      steps: moveSteps(parts, [provision]),
      reservations: reservationsOf({ instanceId: instance.instanceId, databases: [parts.source], service }),
      outcome: asJsonObject(moveOutcome(registry)),
      fingerprint: database.fingerprint,
      ...(maxDowntimeMs === undefined ? {} : { maxDowntimeMs }),
    },
  };
}

function upgradeParts(registry: UpgradeRegistry, inspected: Pick<MoveParts, 'facts' | 'tools'>): MoveParts {
  const { instance, source, service, entitlements } = registry;
  const secret = instance.secretRef === undefined ? {} : { secretRef: instance.secretRef };
  const { host, port } = source;
  const resize = {
    plan: entitlements.to.plan,
    resources: resourcesOf(entitlements.to),
    previous: resourcesOf(entitlements.from),
  };
  return {
    ...inspected,
    source: { server: endpointOf(source), database: instance.database },
    sourceOwner: instance.owner,
    sourceSecretRef: instance.secretRef,
    sourceSite: source.site,
    target: provisionedTarget(instance.database),
    service: {
      definition: service,
      previous: { host, port, user: instance.owner, database: instance.database, ...secret },
      ...(resizable(registry) ? { resize } : {}),
    },
    label: 'pre_migration',
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

function moveOutcome({ instance, source, entitlements }: UpgradeRegistry): MoveOutcome {
  return {
    type: 'move',
    instanceId: instance.instanceId,
    plan: entitlements.to.plan,
    database: instance.database,
    from: {
      dbServerId: source.name,
      host: source.host,
      port: source.port,
      user: instance.owner,
      dbType: instance.dbType,
      ...(instance.secretRef === undefined ? {} : { secretRef: instance.secretRef }),
    },
  };
}
