import type { JsonObject } from '#shared/contracts/json.js';
import type { ServerEndpoint } from '#shared/contracts/registry.js';
import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { BackupRecord } from '../../backups/backup-record.js';
import type { CheckedBackup } from '../../backups/checked-backup.js';
import { compareWithRecord, type RecordComparison } from '../../backups/compare-with-record.js';
import { readStructure } from '../../postgres/catalogue/read-structure.js';
import { readContent } from '../../postgres/hashing.js';
import { sessionName } from '../../postgres/session-name.js';
import { adminAddress, withAdmin } from '../step-session.js';
import { recordRoleMap } from './apply-record.js';
import { quotedNames } from './quoted-names.js';
import { scopeOf, type Running } from './restored-database.js';

/** A restored database and what it is to be compared with. */
export interface Restored {
  readonly checked: CheckedBackup;
  readonly record: BackupRecord;
  readonly server: ServerEndpoint;
  readonly name: string;
  readonly role: string;
  readonly schemas?: readonly string[];
  readonly jobs: number;
}

/** So many are told in the failure; the whole list is evidence. */
const TOLD = 50;

/** Reads every row and object of a restored database and compares them with the record of its backup. */
export async function compareRestored(context: Running, restored: Restored): Promise<RecordComparison> {
  const { run, signal } = context;
  const { record, server, name, role, jobs } = restored;
  const address = await adminAddress(context, server, name);
  const content = await readContent(address, {
    applicationName: sessionName(run),
    signal,
    jobs,
    onProgress: ({ done, total }) => {
      context.progress({ done, total, unit: 'tables read' });
    },
  });
  return withAdmin(context, server, name, async (session) => {
    const structure = await readStructure(session, { mapRole: (same) => same, owner: role });
    const mapRole = await recordRoleMap(session, record, { database: name, role });
    const schemas = scopeOf(restored);
    const scope = schemas === undefined ? { mapRole } : { mapRole, schemas: await quotedNames(session, schemas) };
    return compareWithRecord(record, { structure, content }, scope);
  });
}

/** The source has moved on, so rows cannot be named; tables and objects can. */
export async function disagreement(
  { tools }: Running,
  { checked }: Pick<Restored, 'checked'>,
  mismatches: readonly Mismatch[],
): Promise<RehomeError> {
  const { backup } = checked;
  const evidence = await tools.evidence.put(Buffer.from(JSON.stringify(mismatches), 'utf8'));
  const first = mismatches
    .slice(0, 3)
    .map(({ object, aspect, source, target }) => `${object}: ${aspect} ${source} in the record, ${target} restored`);
  const more = mismatches.length > first.length ? `; and ${String(mismatches.length - first.length)} more` : '';
  const facts: JsonObject = {
    mismatches: mismatches.slice(0, TOLD).map((mismatch) => ({ ...mismatch })),
    total: mismatches.length,
    evidence,
  };
  return new RehomeError(
    'VERIFICATION_FAILED',
    `backup ${backup.backupId} of ${backup.database} does not give back what was there: ${first.join('; ')}${more}; make a new backup`,
    { facts },
  );
}
