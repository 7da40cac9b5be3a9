import { quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { checkedBackup } from '../../backups/checked-backup.js';
import { databaseState, dropOwnDatabase } from '../../postgres/database-lifecycle.js';
import { irreversible, type Step, type StepContext } from '../../running/step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';

type Context = StepContext<'drop-retired'>;

/** Drops what a finished move put aside. Right before, its backup must still be verified and every file of it whole. */
export const dropRetired: Step<'drop-retired'> = {
  kind: 'drop-retired',

  async probe(context) {
    const { retired, backupId } = context.params;
    const state = await withAdmin(context, retired.server, MAINTENANCE_DATABASE, (session) =>
      databaseState(session, retired.database),
    );
    if (state.exists) return { state: 'not-started' };
    const { manifestSha256 } = await context.tools.backups.get(backupId);
    return { state: 'done', result: { dropped: retired.database, backupId, manifestHash: manifestSha256 } };
  },

  async run(context) {
    const { params, lease } = context;
    const { retired, migrationId, backupId } = params;
    const manifestHash = await requireBackup(context);
    await lease.check();
    await withAdmin(context, retired.server, MAINTENANCE_DATABASE, (session) =>
      dropOwnDatabase(session, retired.database, migrationId),
    );
    return { dropped: retired.database, backupId, manifestHash };
  },

  async verify(context) {
    const { retired } = context.params;
    const { exists } = await withAdmin(context, retired.server, MAINTENANCE_DATABASE, (session) =>
      databaseState(session, retired.database),
    );
    if (exists) throw new RehomeError('TARGET_NOT_OURS', `${retired.database} stands again; who made it?`);
  },

  undo: irreversible('what is dropped is gone; its backup is kept: request "restore"'),

  describe({ retired, backupId }) {
    const text = `drop database ${quoteIdentifier(retired.database)} with (force) -- while backup ${backupId} is verified and whole`;
    return [{ tool: 'sql', at: placeOf(retired.server), text }];
  },
};

/**
 * The backup is all that is left afterwards. It loses its time first: what is checked must not expire meanwhile.
 *
 * @throws RehomeError BACKUP_UNKNOWN, BACKUP_DAMAGED
 */
async function requireBackup({ params: { backupId }, tools }: Context): Promise<string> {
  await tools.backups.keepForGood(backupId);
  const { backup } = await checkedBackup(tools.backups, backupId);
  if (backup.status === 'verified') return backup.manifestSha256;
  throw new RehomeError('BACKUP_DAMAGED', `backup ${backupId} is ${backup.status}, not verified; nothing is dropped`);
}
