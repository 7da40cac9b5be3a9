import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { readCleanUpRegistry, type CataloguedBackup } from '../backup-registry.js';
import type { BackupOutcome } from '../outcome.js';
import { inSequence, planStep, type Recipe, type UnplacedStep } from '../recipe.js';
import { copyTimeoutMs } from './move-timeouts.js';

const VERSION = 1;

/** Removes backups that no tier keeps any longer; a dry run shows which [d21]. */
export const cleanUpBackupsRecipe: Recipe = {
  kind: 'clean-up-backups',
  version: VERSION,
  inspect: () => undefined,
  compile: ({ title, registry }) => {
    const { remove } = readCleanUpRegistry(registry);
    const outcome: BackupOutcome = { type: 'backup' };
    return {
      outcome: 'plan',
      plan: {
        planVersion: 1,
        kind: 'clean-up-backups',
        recipeVersion: VERSION,
        title,
        steps: inSequence(remove.length === 0 ? [] : [removal(remove)]),
        reservations: remove.map(({ backupId }) => `backup:${backupId}`),
        checks: [],
        warnings: remove.map(
          ({ backupId, tier, server, database }) =>
            `backup ${backupId} (${tier}, ${database} on ${server}) is gone for good afterwards`,
        ),
        outcome: asJsonObject(outcome),
      },
    };
  },
};

function removal(remove: readonly CataloguedBackup[]): UnplacedStep {
  return planStep({
    kind: 'remove-backups',
    params: { backupIds: remove.map(({ backupId }) => backupId) },
    title: `remove ${String(remove.length)} backups`,
    phase: 'finish',
    pointOfNoReturn: 'passed',
    timeoutMs: copyTimeoutMs('0'),
    // Of one site: a clean-up is for the backups of one.
    site: remove[0]?.site,
  });
}
