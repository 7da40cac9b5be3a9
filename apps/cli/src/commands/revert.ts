import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Run } from '../run.js';
import { askFor, type Asking } from './asked-project.js';
import { withOptions, type RequestFlags } from './read-request.js';

interface RevertFlags extends RequestFlags, Asking {
  readonly project: string;
  readonly database: string;
  readonly version: string;
  readonly emergencyLatest?: boolean;
  readonly emergencyLatestTier?: string;
  readonly emergencyScript?: string;
}

export async function revert(run: Run, _args: readonly [], flags: RevertFlags): Promise<ExitCode> {
  const { project, database, version } = flags;
  const request = withOptions({ kind: 'revert', project, database, version, ...emergencyOf(flags) }, flags);
  return askFor(run, await run.client(), request, flags);
}

/** Nothing for the down script. */
function emergencyOf({ emergencyLatest, emergencyLatestTier: tier, emergencyScript: script }: RevertFlags): object {
  const byBackup = emergencyLatest === true || tier !== undefined;
  if (byBackup && script !== undefined)
    throw new CliError(EXIT.usage, 'a backup and a script are two ways back: give one of them');
  if (byBackup) return { emergency: { restore: { latest: tier === undefined ? {} : { tier } } } };
  return script === undefined ? {} : { emergency: { script } };
}
