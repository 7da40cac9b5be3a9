import type { PromoteBackupRequest } from '#shared/contracts/requests/backup.request.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { readCataloguedRegistry } from '../backup-registry.js';
import type { BackupOutcome } from '../outcome.js';
import { inSequence, planStep, type Compiled, type Recipe, type RecipeRequest, type UnplacedStep } from '../recipe.js';
import { endpointOf } from '../upgrade-registry.js';
import { COPY_JOBS } from './move-parts.js';
import { copyTimeoutMs, SHORT_TIMEOUT_MS } from './move-timeouts.js';

const VERSION = 1;

/** Proves a backup that stands in the catalogue. The step itself checks everything before it makes anything. */
export const verifyBackupRecipe: Recipe = {
  kind: 'verify-backup',
  version: VERSION,
  inspect: () => undefined,
  compile: (request) => {
    const { backup, source } = readCataloguedRegistry(request.registry);
    if (source === undefined) throw new RangeError('the registry snapshot of a proof lacks "source"');
    const step = planStep({
      kind: 'verify-backup',
      params: { backupId: backup.backupId, server: endpointOf(source), jobs: COPY_JOBS },
      title: `restore the backup of ${backup.database} beside it and compare`,
      phase: 'prepare',
      // Packed, a database is a fraction of its size.
      timeoutMs: 2 * copyTimeoutMs(String(BigInt(backup.bytes) * 10n)),
      site: backup.site,
    });
    return planOf(request, 'verify-backup', step);
  },
};

/** Gives a backup another tier [d21]. */
export const promoteBackupRecipe: Recipe = {
  kind: 'promote-backup',
  version: VERSION,
  inspect: () => undefined,
  compile: (request) => {
    const { backup } = readCataloguedRegistry(request.registry);
    const { tier } = request.request as unknown as PromoteBackupRequest;
    const step = planStep({
      kind: 'promote-backup',
      params: { backupId: backup.backupId, tier, previous: backup.tier },
      title: `keep the backup of ${backup.database} as ${tier}`,
      phase: 'prepare',
      timeoutMs: SHORT_TIMEOUT_MS,
      site: backup.site,
    });
    return planOf(request, 'promote-backup', step);
  },
};

function planOf({ title, registry }: RecipeRequest, kind: string, step: UnplacedStep): Compiled {
  const { backup } = readCataloguedRegistry(registry);
  const outcome: BackupOutcome = { type: 'backup' };
  return {
    outcome: 'plan',
    plan: {
      planVersion: 1,
      kind,
      recipeVersion: VERSION,
      title,
      steps: inSequence([step]),
      reservations: [`backup:${backup.backupId}`],
      checks: [],
      warnings: [],
      outcome: asJsonObject(outcome),
    },
  };
}
