import type { JsonObject } from '#shared/contracts/json.js';
import { failedChecks } from '#shared/contracts/preflight.js';
import type { DatabaseAddress } from '#shared/contracts/registry.js';
import type { BackupRequest } from '#shared/contracts/requests/backup.request.js';
import type { Compression, InspectBackupResult } from '#shared/contracts/steps/backup-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf } from '#shared/contracts/steps/step-types.js';
import type { ServerDefinition } from '#shared/contracts/registry.js';
import { readBackupRegistry } from '../backup-registry.js';
import { fromStep } from '../from-step.js';
import type { BackupOutcome } from '../outcome.js';
import { inSequence, planStep, type Compiled, type Recipe, type RecipeRequest, type UnplacedStep } from '../recipe.js';
import { refuseForChecks } from '../refusal.js';
import { endpointOf } from '../upgrade-registry.js';
import { COPY_JOBS } from './move-parts.js';
import { copyTimeoutMs, SHORT_TIMEOUT_MS } from './move-timeouts.js';

const VERSION = 1;

/** A database is backed up while it is used; what the backup gives back is compared with what was there [b7 d21]. */
export const backupRecipe: Recipe = {
  kind: 'backup',
  version: VERSION,
  inspect: (request) => {
    const { source } = readBackupRegistry(request.registry);
    return {
      kind: 'inspect-backup',
      params: asJsonObject({ source: addressOf(request, source), ...scopeOf(request) }),
      timeoutMs: SHORT_TIMEOUT_MS,
      ...(source.site === undefined ? {} : { site: source.site }),
    };
  },
  compile: (request, facts) => compileBackup(request, readInspection(facts)),
};

function compileBackup(
  request: RecipeRequest,
  { checks, database, tools, compression }: InspectBackupResult,
): Compiled {
  if (failedChecks(checks).length > 0 || database === undefined || tools === undefined) return refuseForChecks(checks);
  const { source } = readBackupRegistry(request.registry);
  const address = addressOf(request, source);
  const { verify } = bodyOf(request);
  const place = `${address.database} on ${source.name}`;
  const steps: UnplacedStep[] = [
    planStep({
      kind: 'back-up-database',
      params: {
        ...{ source: address, ...namesOf(request), ...scopeOf(request, compression), jobs: COPY_JOBS },
        // A proof that had no room, or was cancelled, says nothing against the backup.
        kept: true,
      },
      title: `back up ${place} while it is used`,
      phase: 'prepare',
      timeoutMs: copyTimeoutMs(database.sizeBytes),
      site: source.site,
    }),
    ...(verify === false ? [] : [proofStep(place, source, database.sizeBytes)]),
  ];
  const outcome: BackupOutcome = { type: 'backup' };
  const reservations = [`database:${source.name}/${address.database}`];
  return {
    outcome: 'plan',
    plan: {
      planVersion: 1,
      kind: 'backup',
      recipeVersion: VERSION,
      title: request.title,
      steps: inSequence(steps),
      reservations,
      checks,
      warnings: checks
        .filter(({ passed, severity }) => !passed && severity === 'warning')
        .map(({ found, remedy }) => (remedy === undefined ? found : `${found}; ${remedy}`)),
      outcome: asJsonObject(outcome),
    },
  };
}

function proofStep(place: string, source: ServerDefinition, sizeBytes: string): UnplacedStep {
  return planStep({
    kind: 'verify-backup',
    params: { backupId: fromStep('back-up-database', 'backupId'), server: endpointOf(source), jobs: COPY_JOBS },
    title: `restore the backup of ${place} beside it and compare`,
    phase: 'finish',
    timeoutMs: 2 * copyTimeoutMs(sizeBytes),
    // The backup's files lie where they were written.
    site: source.site,
  });
}

function bodyOf({ request }: RecipeRequest): BackupRequest {
  return request as unknown as BackupRequest;
}

function addressOf(request: RecipeRequest, source: ServerDefinition): DatabaseAddress {
  return { server: endpointOf(source), database: bodyOf(request).database.database };
}

function namesOf(request: RecipeRequest): Pick<ParamsOf<'back-up-database'>, 'label' | 'tier'> {
  const { tier = 'manual', label = tier } = bodyOf(request);
  return { label, tier };
}

/** @param possible what the tools can pack by, once they were asked */
function scopeOf(
  request: RecipeRequest,
  possible?: Compression,
): Pick<ParamsOf<'back-up-database'>, 'compression' | 'schemas'> {
  const { compress = 'gzip', schemas } = bodyOf(request);
  return { compression: possible ?? compress, ...(schemas === undefined ? {} : { schemas }) };
}

/** An inspection that says nothing is one whose every fact is missing, and is refused as such. */
function readInspection(facts: JsonObject | undefined): InspectBackupResult {
  if (facts === undefined || !Array.isArray(facts['checks'])) return { checks: [] };
  return facts as unknown as InspectBackupResult;
}
