import { quoteIdentifier } from '#shared/database/identifier.js';
import type { RestoreBackupResult } from '#shared/contracts/steps/backup-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { checkedBackup, recordOf } from '../../backups/checked-backup.js';
import { analyzeDatabase } from '../../postgres/analyze.js';
import { mapAcl, parseAclItem } from '../../postgres/catalogue/acl.js';
import { databaseAccessStatements, databaseState, workingName } from '../../postgres/database-lifecycle.js';
import { restoreArguments } from '../../postgres/dump-and-restore.js';
import { runTexts } from '../../postgres/run-texts.js';
import { runDigits, sessionName } from '../../postgres/session-name.js';
import { inTransaction } from '../../postgres/session.js';
import type { Step, StepContext } from '../../running/step.js';
import { markRestored, readRestoreMark, requireOurs, setComment } from '../database/working-database.js';
import { adminAddress, MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';
import { recordRoleMap } from './apply-record.js';
import { isOwnName } from './own-name.js';
import { createRestored, dropRestored, fillRestored, markedNames, type Restoration } from './restored-database.js';

type Context = StepContext<'restore-backup'>;

/** Restores a backup as a database under a working name. The mark of a finished restore is written last. */
export const restoreBackup: Step<'restore-backup'> = {
  kind: 'restore-backup',

  async probe(context) {
    const { params, run, tools } = context;
    return withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      const own = (await markedNames(session, run.migrationId)).filter(isOwnName(context.run, params.database));
      for (const name of own) {
        const { mark } = readRestoreMark((await databaseState(session, name)).comment);
        if (mark?.backupId !== params.backupId) continue;
        const roles = (await tools.captures.find(run))?.['missingRoles'];
        const createdRoles = Array.isArray(roles) ? roles.map(String) : [];
        return { state: 'done', result: { workingName: name, items: mark.items, createdRoles } };
      }
      return own.length === 0
        ? { state: 'not-started' }
        : { state: 'partial', detail: `${own.join(', ')} without the mark of a finished restore` };
    });
  },

  async run(context) {
    const { params, run, tools } = context;
    const checked = await checkedBackup(tools.backups, params.backupId);
    const record = await recordOf(checked);
    // pg_restore does not go on from where another one died.
    await dropRestored(context, params.server, isOwnName(context.run, params.database));
    const name = workingName(params.database, { digits: runDigits(run), fence: run.fence });
    const { server, schemas, jobs, roleSecretRef } = params;
    const role = params.role ?? record.access.owner;
    const made: Restoration = {
      ...{ checked, record, server, name, role, jobs },
      ...(schemas === undefined ? {} : { schemas }),
      ...(roleSecretRef === undefined ? {} : { password: await tools.secrets.resolve(roleSecretRef) }),
    };
    const createdRoles = await createRestored(context, made);
    await tools.faults.reach('step.restore-backup.created');
    const items = await fillRestored(context, made);
    await analyze(context, made);
    await open(context, made, items);
    return { workingName: name, items, createdRoles };
  },

  async verify(context, result: RestoreBackupResult) {
    const { params, run } = context;
    await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      const { mark } = readRestoreMark(await requireOurs(session, result.workingName, run.migrationId));
      if (mark?.backupId === params.backupId) return;
      throw new RehomeError('TARGET_NOT_OURS', `${result.workingName} lost the mark of its restore; restore again`);
    });
  },

  async undo(context) {
    const { params, run } = context;
    return { rolesLeft: await dropRestored(context, params.server, isOwnName(run, params.database)) };
  },

  describe({ server, database, role = '$OWNER', backupId, jobs, schemas }) {
    const at = placeOf(server);
    const name = `${database}__r<8 hex>_<fence>`;
    const scope = { listFile: '$LIST', ...(schemas === undefined ? {} : { schemas }) };
    const restore = restoreArguments(name, `$WORK_ROOT/backups/${backupId}/dump`, jobs, scope);
    return [
      { tool: 'file', at: backupId, text: 'read every file and compare its SHA-256 with the manifest' },
      {
        tool: 'sql',
        at,
        text: `create role ${quoteIdentifier(role)} -- and others that the backup names, when missing`,
      },
      {
        tool: 'sql',
        at,
        text: `create database ${quoteIdentifier(name)} with owner ${quoteIdentifier(role)} template template0 connection limit 0`,
      },
      { tool: 'command', at, text: ['pg_restore', ...restore].join(' ') },
      { tool: 'sql', at: `${at}/${name}`, text: 'owners, grants, policies, settings, limit and comment as recorded' },
    ];
  },
};

/** Before the mark: a restore that is done has its statistics, whatever happened on the way. */
async function analyze(context: Context, { server, name, jobs }: Restoration): Promise<void> {
  const { run, signal, tools } = context;
  const address = await adminAddress(context, server, name);
  const { failed } = await analyzeDatabase(address, { applicationName: sessionName(run), signal, jobs });
  if (failed.length > 0) tools.logger.warn({ failed: failed.slice(0, 20) }, 'tables without planner statistics');
}

/** Grants, connection limit and comment of the database itself, and the mark: from here on it is whole. */
async function open(context: Context, { record, name, server, role }: Restoration, items: number): Promise<void> {
  const { params, run, lease, tools, signal } = context;
  await withAdmin(context, server, name, async (session) => {
    const mapRole = await recordRoleMap(session, record, { database: name, role });
    const acl = mapAcl(record.access.acl.map(parseAclItem), mapRole);
    const { connectionLimit, comment } = record.access;
    const access = await databaseAccessStatements(session, name, { owner: role, acl, connectionLimit });
    await lease.check();
    await setComment(session, name, { migrationId: run.migrationId, comment });
    await inTransaction(session, () => runTexts(session, access, signal));
    await tools.faults.reach('step.restore-backup.restored');
    await lease.check();
    await markRestored(session, name, { migrationId: run.migrationId, mark: { backupId: params.backupId, items } });
  });
}
