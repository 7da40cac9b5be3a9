import { RehomeError } from '#shared/errors/rehome-error.js';
import { checkedBackup, recordOf } from '../../backups/checked-backup.js';
import type { Step } from '../../running/step.js';
import { placeOf } from '../step-session.js';
import { compareRestored, disagreement } from './prove-restored.js';

/** Proves that a restored database is what the backup recorded. Of a whole backup, that proves the backup, too. */
export const verifyRestore: Step<'verify-restore'> = {
  kind: 'verify-restore',
  readsOnly: true,

  // Whatever an earlier attempt found, only a whole reading proves anything.
  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { params, run, tools } = context;
    const checked = await checkedBackup(tools.backups, params.backupId);
    const record = await recordOf(checked);
    const { server, workingName: name, role, schemas, jobs } = params;
    const scope = schemas === undefined ? {} : { schemas };
    const compared = await compareRestored(context, { checked, record, server, name, role, jobs, ...scope });
    const { mismatches, result } = compared;
    if (mismatches.length > 0) throw await disagreement(context, { checked }, mismatches);
    const { tables, rows, contentDigest, structureDigest } = result;
    const proof = { method: 'restore', migrationId: run.migrationId, tables, rows } as const;
    if (schemas === undefined)
      await tools.backups.markVerified(params.backupId, { ...proof, contentDigest, structureDigest });
    return { backupId: params.backupId, ...result };
  },

  verify(_context, result) {
    if (result.mismatches === 0) return Promise.resolve();
    return Promise.reject(new RehomeError('VERIFICATION_FAILED', 'the result of the comparison holds mismatches'));
  },

  undo: () => Promise.resolve({}),

  describe({ server, workingName }) {
    const text = `select count(*), sum(hashtextextended(t::text, 0)) from each table t; sequences, large objects and the catalogue are read and compared with the record of the backup`;
    return [{ tool: 'sql', at: `${placeOf(server)}/${workingName}`, text }];
  },
};
