import type { FoundFile, InspectRestoreResult } from '#shared/contracts/steps/backup-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { readRestoreRegistry } from '../backup-registry.js';
import { fromStep } from '../from-step.js';
import type { BackupOutcome } from '../outcome.js';
import { inSequence, planStep, type Compiled, type RecipeRequest, type UnplacedStep } from '../recipe.js';
import { COPY_JOBS } from './move-parts.js';
import { copyTimeoutMs, SHORT_TIMEOUT_MS } from './move-timeouts.js';
import { addressOf, bodyOf, failedWarnings } from './restore-parts.js';

const VERSION = 1;

/** A dump may be packed: what is made of it takes this much more. */
const UNPACKED = 10n;

/** The plan for a dump without a record, of somebody else or of a move: there is nothing to compare with what is restored. */
export function compileFileRestore(
  request: RecipeRequest,
  { checks, file }: Pick<InspectRestoreResult, 'checks'> & { readonly file: FoundFile },
): Compiled {
  const { server, database } = addressOf(request);
  const { owner } = bodyOf(request).target;
  const outcome: BackupOutcome = { type: 'backup' };
  const { backupId } = file;
  const whose =
    backupId === undefined ? `${file.path} was not made by Rehome` : `backup ${backupId} was made by a move`;
  const unproved = `${whose} and has no record: what is restored cannot be proved against what was dumped`;
  const trusted = `${file.path} is a script: run only what you trust, it may do on the server whatever it says`;
  const given = `no target.owner was named: all of it goes to ${server.adminUser}, the administrator of ${server.name}`;
  return {
    outcome: 'plan',
    plan: {
      planVersion: 1,
      kind: 'restore',
      recipeVersion: VERSION,
      title: request.title,
      steps: inSequence(stepsOf(request, file)),
      reservations: [`database:${server.name}/${database}`, ...(backupId === undefined ? [] : [`backup:${backupId}`])],
      checks,
      warnings: [
        unproved,
        ...(owner === undefined ? [given] : []),
        ...(file.format === 'plain' ? [trusted] : []),
        ...failedWarnings(checks),
      ],
      outcome: asJsonObject(outcome),
    },
  };
}

function stepsOf(request: RecipeRequest, { path, format, sha256, sizeBytes, backupId }: FoundFile): UnplacedStep[] {
  const { site } = readRestoreRegistry(request.registry);
  const { server, database } = addressOf(request);
  const { schemas, target } = bodyOf(request);
  const { owner = server.adminUser, secretRef } = target;
  return [
    planStep({
      kind: 'restore-file',
      params: {
        ...{ path, format, sha256, server, database, role: owner, jobs: COPY_JOBS },
        ...(secretRef === undefined ? {} : { roleSecretRef: secretRef }),
        ...(schemas === undefined ? {} : { schemas }),
        ...(backupId === undefined ? {} : { backupId }),
      },
      title: `restore the ${format} dump ${path} under a working name`,
      phase: 'prepare',
      timeoutMs: copyTimeoutMs(String(BigInt(sizeBytes) * UNPACKED)),
      site,
    }),
    planStep({
      kind: 'publish-database',
      params: { server, workingName: fromStep('restore-file', 'workingName'), database },
      title: `rename the restored database to ${database}`,
      phase: 'finish',
      timeoutMs: SHORT_TIMEOUT_MS,
      site,
    }),
  ];
}
