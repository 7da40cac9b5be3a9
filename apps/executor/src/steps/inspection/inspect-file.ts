import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { InspectRestoreResult } from '#shared/contracts/steps/backup-steps.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import type { CheckedBackup } from '../../backups/checked-backup.js';
import { readWhole, schemasWithout } from '../../backups/files/archive-facts.js';
import { judge, listed } from '../../postgres/inspection/check.js';
import { checkTarget } from '../../postgres/inspection/target-checks.js';
import { withRunDirectory } from '../../running/run-directory.js';
import type { StepContext } from '../../running/step.js';
import { factsOf, openFile, type OpenedFile, type Opening } from '../backup/opened-file.js';
import { MAINTENANCE_DATABASE, withAdmin } from '../step-session.js';

type Context = StepContext<'inspect-restore'>;

/** Tells what the file is, reads it to its end and judges the target: all of it before anything is created. */
export async function inspectFile(
  context: Context,
  path: string,
  backup?: CheckedBackup,
): Promise<InspectRestoreResult> {
  const { tools, run } = context;
  try {
    return await withRunDirectory(tools.workRoot, run, (directory) => inspectIn(context, { path, backup }, directory));
  } catch (error) {
    context.signal.throwIfAborted();
    const { code, message } = toRehomeError(error);
    const remedy = 'see that the file is a whole dump of pg_dump below REHOME_BACKUP_ROOTS of this executor';
    return { checks: [judge('backup-usable', 'error', '', { found: `${code}: ${message}`, remedy })] };
  }
}

async function inspectIn(
  context: Context,
  dump: Pick<Opening, 'path' | 'backup'>,
  workDirectory: string,
): Promise<InspectRestoreResult> {
  const { target, owner = target.server.adminUser } = context.params;
  const { signal } = context;
  const opened = await openFile(context, { ...dump, server: target.server, role: owner }, workDirectory);
  const { file, tools } = opened;
  const reading = { tools, path: opened.path, workDirectory, signal };
  if (file.format !== 'plain') await readWhole(reading);
  const checks = await withAdmin(context, target.server, MAINTENANCE_DATABASE, async (session) =>
    checkTarget(session, { target, targetRole: owner, facts: await factsOf(session, opened, owner), tools }),
  );
  const { format, gzipped, sha256 } = file;
  const usable = judge('backup-usable', 'error', described(opened), undefined);
  return {
    checks: [usable, ...(await checkSchemas(context, opened, reading)), checkOwners(opened, owner), ...checks],
    file: {
      ...{ path: file.path, format, gzipped, sha256, sizeBytes: String(file.bytes) },
      ...(dump.backup === undefined ? {} : { backupId: dump.backup.backup.backupId }),
    },
  };
}

function described({ file, sourceMajor, tools, psql }: OpenedFile): string {
  const from = sourceMajor === undefined ? '' : ` of PostgreSQL ${String(sourceMajor)}`;
  const by = psql === undefined ? `pg_restore ${tools.version}` : 'psql';
  return `${file.path}: ${file.gzipped ? 'gzipped ' : ''}${file.format} dump${from}, restored by ${by}`;
}

/** Of an archive pg_restore takes what lies in a schema; a script is run from its first line to its last. */
async function checkSchemas(
  { params }: Context,
  { file }: OpenedFile,
  reading: Parameters<typeof schemasWithout>[0],
): Promise<PreflightCheck[]> {
  const { schemas } = params;
  if (schemas === undefined) return [];
  const judged = (trouble?: { readonly found: string; readonly remedy: string }): PreflightCheck[] => [
    judge('backup-schemas', 'error', `schemas ${listed(schemas)}`, trouble),
  ];
  if (file.format === 'plain')
    return judged({
      found: `${file.path} is a script, which is restored whole or not at all`,
      remedy: 'leave "schemas" out, or give an archive of pg_dump (-Fc, -Fd, -Ft)',
    });
  const missing = await schemasWithout(reading, schemas);
  if (missing.length === 0) return judged();
  return judged({
    found: `the archive holds nothing of ${listed(missing)}`,
    remedy: 'correct the names; they are taken exactly as written',
  });
}

/** A script is run as the owner of the target, who cannot give what it makes to others. */
function checkOwners({ owners }: OpenedFile, owner: string): PreflightCheck {
  const others = owners.filter((name) => name !== owner);
  const found = `the script gives objects to ${listed(others)}`;
  const remedy =
    others.length === 1
      ? `give target.owner ${String(others[0])}, or dump with --no-owner --no-privileges`
      : 'dump with --no-owner --no-privileges, or as an archive (-Fc), of which owners can be left out here';
  return judge('dump-owners', 'error', `all of it to ${owner}`, others.length > 0 ? { found, remedy } : undefined);
}
