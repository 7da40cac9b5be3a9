import type { MigrationKind, RequestOf } from '#shared/contracts/requests/migration.request.js';
import { prepareBackup, preparePromoteBackup, prepareVerifyBackup } from './backups.js';
import type { Lookups, Prepare, Prepared } from './prepared.js';
import { prepareApply, prepareHealth, prepareValidate } from './projects.js';
import { prepareRevert } from './revert.js';
import { prepareCleanUp } from './clean-up-backups.js';
import { prepareRelocate } from './relocate.js';
import { prepareRetire } from './retire.js';
import { prepareReturn } from './return.js';
import { prepareRestore } from './restore.js';
import { prepareUpgrade } from './upgrade.js';

/** A new kind does not compile without an entry. */
const PREPARE: { readonly [K in MigrationKind]: Prepare<RequestOf<K>> } = {
  upgrade: prepareUpgrade,
  relocate: prepareRelocate,
  return: prepareReturn,
  retire: prepareRetire,
  backup: prepareBackup,
  'verify-backup': prepareVerifyBackup,
  'promote-backup': preparePromoteBackup,
  restore: prepareRestore,
  'clean-up-backups': prepareCleanUp,
  apply: prepareApply,
  revert: prepareRevert,
  validate: prepareValidate,
  health: prepareHealth,
};

/** @throws RequestRefused naming all that is missing or speaks against the request. */
export async function prepareRequest<K extends MigrationKind>(
  request: RequestOf<K> & { readonly kind: K },
  lookups: Lookups,
): Promise<Prepared> {
  return PREPARE[request.kind](request, lookups);
}
