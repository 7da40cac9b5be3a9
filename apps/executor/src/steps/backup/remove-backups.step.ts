import { rm } from 'node:fs/promises';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { isBelow } from '../../backups/expired-backups.js';
import { irreversible, type Step, type StepContext } from '../../running/step.js';

type Context = StepContext<'remove-backups'>;

/** Removes the files of backups that a clean-up named, and the backups from the catalogue. */
export const removeBackups: Step<'remove-backups'> = {
  kind: 'remove-backups',

  async probe(context) {
    const left = await leftOf(context);
    return left.length === 0 ? { state: 'done', result: resultOf(context) } : { state: 'not-started' };
  },

  async run(context) {
    const { lease, tools, signal } = context;
    for (const backupId of await leftOf(context)) {
      signal.throwIfAborted();
      await refuseLastVerified(context, backupId);
      const { path } = await tools.backups.get(backupId);
      await lease.check();
      // Files first: a row without files is found again, files without a row are not.
      if (isBelow(path, tools.workRoot)) await rm(path, { recursive: true, force: true });
      await tools.backups.markDeleted(backupId);
    }
    return resultOf(context);
  },

  async verify(context) {
    const [left] = await leftOf(context);
    if (left !== undefined) throw new RehomeError('VERIFICATION_FAILED', `backup ${left} is still in the catalogue`);
  },

  undo: irreversible('the files are gone'),

  describe: ({ backupIds }) =>
    backupIds.map((backupId) => ({ tool: 'file', at: backupId, text: 'remove the directory' })),
};

async function leftOf({ params, tools }: Context): Promise<string[]> {
  const left: string[] = [];
  for (const backupId of params.backupIds) {
    if ((await tools.backups.find(backupId)) !== undefined) left.push(backupId);
  }
  return left;
}

/** Judged again right before: others may have been removed, or found damaged, since the clean-up was planned. */
async function refuseLastVerified({ tools }: Context, backupId: string): Promise<void> {
  const backup = await tools.backups.get(backupId);
  if (backup.status !== 'verified' || backup.schemas !== undefined) return;
  if ((await tools.backups.verifiedOf(backup)) > 1) return;
  throw new RehomeError(
    'BACKUP_NEEDED',
    `backup ${backupId} is by now the last verified one of ${backup.database} on ${backup.server}; it stays`,
  );
}

function resultOf({ params }: Context): { removed: readonly string[] } {
  return { removed: params.backupIds };
}
