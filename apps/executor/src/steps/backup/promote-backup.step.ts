import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Step } from '../../running/step.js';

/** Gives a backup another tier. Its files stay where they are: the catalogue says what they are kept as. */
export const promoteBackup: Step<'promote-backup'> = {
  kind: 'promote-backup',

  async probe({ params, tools }) {
    const { backupId, tier } = await tools.backups.get(params.backupId);
    return tier === params.tier ? { state: 'done', result: { backupId, tier } } : { state: 'not-started' };
  },

  async run({ params, tools, lease }) {
    await lease.check();
    await tools.backups.setTier(params.backupId, params.tier);
    return { backupId: params.backupId, tier: params.tier };
  },

  async verify({ tools }, { backupId, tier }) {
    const found = await tools.backups.get(backupId);
    if (found.tier === tier) return;
    throw new RehomeError('VERIFICATION_FAILED', `backup ${backupId} is ${found.tier ?? 'of no tier'}, not ${tier}`);
  },

  async undo({ params, tools, lease }) {
    await lease.check();
    await tools.backups.setTier(params.backupId, params.previous);
    return { tier: params.previous };
  },

  describe: ({ backupId, tier }) => [
    { tool: 'sql', at: 'ledger', text: `update executor.backup set tier = '${tier}' where backup_id = '${backupId}'` },
  ],
};
