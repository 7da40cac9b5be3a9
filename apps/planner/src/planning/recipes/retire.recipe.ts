import type { JsonObject } from '#shared/contracts/json.js';
import { failedChecks } from '#shared/contracts/preflight.js';
import type { DatabaseAddress } from '#shared/contracts/registry.js';
import type { InspectRetiredResult } from '#shared/contracts/steps/inspection-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf } from '#shared/contracts/steps/step-types.js';
import type { RetireOutcome } from '../outcome.js';
import {
  inSequence,
  planStep,
  type Compiled,
  type InspectCommand,
  type Recipe,
  type RecipeRequest,
} from '../recipe.js';
import { refuseForChecks } from '../refusal.js';
import { readRetireRegistry, type RetireRegistry } from '../retire-registry.js';
import { endpointOf } from '../upgrade-registry.js';
import { copyTimeoutMs, SHORT_TIMEOUT_MS } from './move-timeouts.js';

const VERSION = 1;

/** Drops what a finished move put aside, beside a verified backup of it. */
export const retireRecipe: Recipe = {
  kind: 'retire',
  version: VERSION,
  inspect: ({ registry }) => inspectCommand(readRetireRegistry(registry)),
  compile: (request, facts) => compileRetire(request, readRetireRegistry(request.registry), facts),
};

function inspectCommand(registry: RetireRegistry): InspectCommand {
  const { migrationId, backupId, backupOf, server } = registry;
  const params: ParamsOf<'inspect-retired'> = { retired: addressOf(registry), migrationId, backupId, backupOf };
  return {
    kind: 'inspect-retired',
    params: asJsonObject(params),
    // The backup's files are hashed.
    timeoutMs: 4 * SHORT_TIMEOUT_MS,
    ...(server.site === undefined ? {} : { site: server.site }),
  };
}

function compileRetire(request: RecipeRequest, registry: RetireRegistry, facts: JsonObject | undefined): Compiled {
  const { checks, bytes } = readFacts(facts);
  if (failedChecks(checks).length > 0 || bytes === undefined) return refuseForChecks(checks);
  const { server, retiredName, migrationId, backupId } = registry;
  const retired = addressOf(registry);
  const outcome: RetireOutcome = {
    type: 'retire',
    server: server.name,
    database: retiredName,
    backupId,
    bytes,
    movedBy: migrationId,
  };
  const drop = planStep({
    kind: 'drop-retired',
    params: { retired, migrationId, backupId },
    title: `drop ${retiredName} on ${server.name}`,
    phase: 'finish',
    pointOfNoReturn: 'passed',
    timeoutMs: copyTimeoutMs(bytes),
    // The backup's files lie where they were written.
    site: server.site,
  });
  return {
    outcome: 'plan',
    plan: {
      planVersion: 1,
      kind: 'retire',
      recipeVersion: VERSION,
      title: request.title,
      checks,
      warnings: [
        `${retiredName} on ${server.name} is gone for good afterwards; what is left of it is backup ${backupId}`,
      ],
      steps: inSequence([drop]),
      reservations: [...registry.reservations, `database:${server.name}/${retiredName}`, `backup:${backupId}`],
      outcome: asJsonObject(outcome),
    },
  };
}

function addressOf({ server, retiredName }: RetireRegistry): DatabaseAddress {
  return { server: endpointOf(server), database: retiredName };
}

/** An inspection that says nothing found nothing. */
function readFacts(facts: JsonObject | undefined): InspectRetiredResult {
  if (facts === undefined || !Array.isArray(facts['checks'])) return { checks: [] };
  return facts as unknown as InspectRetiredResult;
}
