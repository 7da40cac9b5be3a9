import type { JsonObject } from '#shared/contracts/json.js';
import { failedChecks } from '#shared/contracts/preflight.js';
import type { FoundBackup, InspectRestoreResult } from '#shared/contracts/steps/backup-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf } from '#shared/contracts/steps/step-types.js';
import { compileFileRestore } from './restore-file.js';
import { addressOf, bodyOf, failedWarnings } from './restore-parts.js';
import { othersFit, readRestoreRegistry } from '../backup-registry.js';
import { fromStep } from '../from-step.js';
import type { BackupOutcome } from '../outcome.js';
import { inSequence, planStep, type Compiled, type Recipe, type RecipeRequest, type UnplacedStep } from '../recipe.js';
import { refuseForChecks } from '../refusal.js';
import { COPY_JOBS } from './move-parts.js';
import { copyTimeoutMs, SHORT_TIMEOUT_MS } from './move-timeouts.js';

const VERSION = 1;

/** A backup becomes a database again, under its name only once it is what was backed up [d22]. */
export const restoreRecipe: Recipe = {
  kind: 'restore',
  version: VERSION,
  inspect: (request) => {
    const { site, of } = readRestoreRegistry(request.registry);
    const { backupId, latest, file, schemas, target } = bodyOf(request);
    const params: ParamsOf<'inspect-restore'> = {
      backup: file !== undefined ? { file } : backupId !== undefined ? { backupId } : { latest: { ...latest, ...of } },
      target: addressOf(request),
      ...(schemas === undefined ? {} : { schemas }),
      ...(target.owner === undefined ? {} : { owner: target.owner }),
    };
    return {
      kind: 'inspect-restore',
      params: asJsonObject(params),
      // Every byte of the backup is read.
      timeoutMs: 12 * SHORT_TIMEOUT_MS,
      ...(site === undefined ? {} : { site }),
    };
  },
  compile: (request, facts) => {
    const { checks, backup, file } = readInspection(facts);
    if (failedChecks(checks).length === 0 && file !== undefined) return compileFileRestore(request, { checks, file });
    if (failedChecks(checks).length > 0 || backup === undefined) return refuseForChecks(checks);
    return compileRestore(request, { checks, backup });
  },
};

function compileRestore(
  request: RecipeRequest,
  { checks, backup }: Pick<InspectRestoreResult, 'checks'> & { readonly backup: FoundBackup },
): Compiled {
  const { server, database } = addressOf(request);
  const { others } = readRestoreRegistry(request.registry);
  const outcome: BackupOutcome = { type: 'backup' };
  const chosen = others === undefined ? [] : [`${backup.server}/${backup.database} is restored; ${othersFit(others)}`];
  const unproved = backup.status === 'verified' ? [] : [unprovedWarning(backup)];
  return {
    outcome: 'plan',
    plan: {
      planVersion: 1,
      kind: 'restore',
      recipeVersion: VERSION,
      title: request.title,
      steps: inSequence(stepsOf(request, backup)),
      reservations: [`database:${server.name}/${database}`, `backup:${backup.backupId}`],
      checks,
      warnings: [...chosen, ...unproved, ...failedWarnings(checks)],
      outcome: asJsonObject(outcome),
    },
  };
}

function stepsOf(request: RecipeRequest, backup: FoundBackup): UnplacedStep[] {
  const { site } = readRestoreRegistry(request.registry);
  const { schemas, target } = bodyOf(request);
  const { server, database } = addressOf(request);
  const { backupId } = backup;
  const role = target.owner ?? backup.owner;
  const common = { backupId, server, role, jobs: COPY_JOBS, ...(schemas === undefined ? {} : { schemas }) };
  const timeoutMs = copyTimeoutMs(backup.sizeBytes);
  const workingName = fromStep('restore-backup', 'workingName');
  return [
    planStep({
      kind: 'restore-backup',
      params: { ...common, database, ...(target.secretRef === undefined ? {} : { roleSecretRef: target.secretRef }) },
      title: `restore ${backup.database} as of ${backup.takenAt} under a working name`,
      phase: 'prepare',
      timeoutMs,
      site,
    }),
    planStep({
      kind: 'verify-restore',
      params: { ...common, workingName },
      title: `compare every row and object with what was backed up`,
      phase: 'prepare',
      timeoutMs,
      site,
    }),
    planStep({
      kind: 'publish-database',
      params: { server, workingName, database },
      title: `rename the restored database to ${database}`,
      phase: 'finish',
      timeoutMs: SHORT_TIMEOUT_MS,
      site,
    }),
  ];
}

function unprovedWarning({ backupId }: FoundBackup): string {
  return `backup ${backupId} was never proved; this restore is compared with its record before it gets its name`;
}

/** An inspection that says nothing is one whose every fact is missing, and is refused as such. */
function readInspection(facts: JsonObject | undefined): InspectRestoreResult {
  if (facts === undefined || !Array.isArray(facts['checks'])) return { checks: [] };
  return facts as unknown as InspectRestoreResult;
}
