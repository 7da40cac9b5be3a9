import { quoteIdentifier } from '#shared/database/identifier.js';
import { scramVerifier } from '#shared/database/scram-verifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { checkedBackup } from '../../backups/checked-backup.js';
import { scriptArguments } from '../../backups/files/script-tool.js';
import { analyzeDatabase } from '../../postgres/analyze.js';
import {
  createWorkingDatabase,
  databaseState,
  extensionStatements,
  workingName,
} from '../../postgres/database-lifecycle.js';
import { restoreArguments, restoreDatabase } from '../../postgres/dump-and-restore.js';
import { createMissingRoles, missingRoles } from '../../postgres/roles.js';
import { runTexts } from '../../postgres/run-texts.js';
import { runTool } from '../../postgres/run-tool.js';
import { runDigits, sessionName } from '../../postgres/session-name.js';
import { withRunDirectory } from '../../running/run-directory.js';
import type { Step, StepContext } from '../../running/step.js';
import {
  markRestored,
  readExtensions,
  readRestoreMark,
  readSchemas,
  requireOurs,
} from '../database/working-database.js';
import { adminAddress, MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';
import { factsOf, openFile, type OpenedFile } from './opened-file.js';
import { isOwnName } from './own-name.js';
import { dropRestored, markedNames } from './restored-database.js';

type Context = StepContext<'restore-file'>;

/** That every database has. */
const BUILT_IN = new Set(['pg_catalog', 'public', 'information_schema']);

/** Restores a dump that has no record under a working name. The mark of a finished restore is written last. */
export const restoreFile: Step<'restore-file'> = {
  kind: 'restore-file',

  async probe(context) {
    const { params, run } = context;
    return withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      const own = (await markedNames(session, run.migrationId)).filter(isOwnName(run, params.database));
      for (const name of own) {
        const { mark } = readRestoreMark((await databaseState(session, name)).comment);
        if (mark?.backupId !== run.migrationId) continue;
        return {
          state: 'done',
          result: { workingName: name, items: mark.items, createdRoles: await created(context) },
        };
      }
      return own.length === 0
        ? { state: 'not-started' }
        : { state: 'partial', detail: `${own.join(', ')} without the mark of a finished restore` };
    });
  },

  async run(context) {
    const { params, run, tools } = context;
    // Neither pg_restore nor psql goes on from where another one died.
    await dropRestored(context, params.server, isOwnName(run, params.database));
    const name = workingName(params.database, { digits: runDigits(run), fence: run.fence });
    const items = await withRunDirectory(tools.workRoot, run, async (directory) => {
      const { backupId } = params;
      const backup = backupId === undefined ? undefined : await checkedBackup(tools.backups, backupId);
      const opened = await openFile(context, { ...params, backup }, directory);
      requireSame(context, opened);
      await create(context, opened, name);
      await tools.faults.reach('step.restore-file.created');
      const restored = await load(context, opened, name, directory);
      await analyze(context, name);
      return restored;
    });
    await open(context, name, items);
    return { workingName: name, items, createdRoles: await created(context) };
  },

  async verify(context, result) {
    const { params, run } = context;
    await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      const { mark } = readRestoreMark(await requireOurs(session, result.workingName, run.migrationId));
      if (mark?.backupId === run.migrationId) return;
      throw new RehomeError('TARGET_NOT_OURS', `${result.workingName} lost the mark of its restore; restore again`);
    });
  },

  async undo(context) {
    const { params, run } = context;
    return { rolesLeft: await dropRestored(context, params.server, isOwnName(run, params.database)) };
  },

  describe({ server, database, role, path, format, jobs, schemas = [] }) {
    const at = placeOf(server);
    const name = `${database}__r<8 hex>_<fence>`;
    const restore =
      format === 'plain'
        ? ['psql', ...scriptArguments(name, '$SCRIPT')]
        : ['pg_restore', ...restoreArguments(name, path, jobs, { listFile: '$LIST', schemas, asRole: role })];
    return [
      { tool: 'file', at: path, text: 'read it whole and compare its SHA-256 with the plan' },
      { tool: 'sql', at, text: `create role ${quoteIdentifier(role)} -- when missing` },
      {
        tool: 'sql',
        at,
        text: `create database ${quoteIdentifier(name)} with owner ${quoteIdentifier(role)} template template0 connection limit 0`,
      },
      ...schemas.map((schema) => ({ tool: 'sql' as const, at: `${at}/${name}`, text: createSchema(schema, role) })),
      { tool: 'command', at, text: restore.join(' ') },
      { tool: 'sql', at: `${at}/${name}`, text: 'analyze each table' },
    ];
  },
};

function requireSame({ params }: Context, { file }: OpenedFile): void {
  if (file.sha256 === params.sha256) return;
  throw new RehomeError('BACKUP_DAMAGED', `${file.path} was changed since it was inspected; ask for the restore again`);
}

/** The role when it is missing, and the database with its extensions, which only the administrator may create. */
async function create(context: Context, opened: OpenedFile, name: string): Promise<void> {
  const { params, run, tools, lease, signal } = context;
  const { role, roleSecretRef } = params;
  const verifier =
    roleSecretRef === undefined ? {} : { verifier: scramVerifier(await tools.secrets.resolve(roleSecretRef)) };
  const facts = await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    await tools.captures.keep(run, async () => ({ missingRoles: await missingRoles(session, [role]) }));
    await lease.check();
    await createMissingRoles(session, { role, sourceOwner: role, roles: [], ...verifier });
    const wanted = await factsOf(session, opened, role);
    await lease.check();
    await createWorkingDatabase(session, { ...wanted, role }, { name, migrationId: run.migrationId });
    return wanted;
  });
  // Those that hold an extension are made before the dump is loaded, and belong to the role like the others. Those that were
  // named too: pg_restore takes what lies in a schema then, not the schema itself.
  const schemas = [...facts.extensions.map(({ schema }) => schema), ...(params.schemas ?? [])];
  const made = schemas.filter((schema) => !BUILT_IN.has(schema)).map((schema) => createSchema(schema, role));
  await withAdmin(context, params.server, name, (session) =>
    runTexts(session, [...made, ...extensionStatements(facts.extensions)], signal),
  );
}

function createSchema(schema: string, role: string): string {
  return `create schema if not exists ${quoteIdentifier(schema)} authorization ${quoteIdentifier(role)}`;
}

/** @returns how many objects the dump says it holds. */
async function load(context: Context, opened: OpenedFile, name: string, workDirectory: string): Promise<number> {
  const { params, run, signal } = context;
  const address = await adminAddress(context, params.server, name);
  const applicationName = sessionName(run);
  if (opened.psql !== undefined) {
    const call = { program: opened.psql, arguments: scriptArguments(name, opened.path), workDirectory };
    await runTool({ ...call, address, applicationName }, signal);
    return opened.items;
  }
  const present = await withAdmin(context, params.server, name, async (session) => ({
    schemas: await readSchemas(session),
    extensions: (await readExtensions(session)).map((extension) => extension.name),
  }));
  // pg_restore reads a tar archive from front to back only.
  const jobs = opened.file.format === 'tar' ? 1 : params.jobs;
  const { tools, path: directory } = opened;
  const onProgress = context.progress.bind(context);
  const archive = { tools, address, applicationName, workDirectory, directory, jobs, signal, onProgress };
  const { role: asRole, schemas = [] } = params;
  return restoreDatabase(archive, present, { asRole, schemas });
}

async function analyze(context: Context, name: string): Promise<void> {
  const { params, run, signal, tools } = context;
  const address = await adminAddress(context, params.server, name);
  const { failed } = await analyzeDatabase(address, { applicationName: sessionName(run), signal, jobs: params.jobs });
  if (failed.length > 0) tools.logger.warn({ failed: failed.slice(0, 20) }, 'tables without planner statistics');
}

/** Lets everybody in whom PostgreSQL lets into a new database, and marks it: from here on it is whole. */
async function open(context: Context, name: string, items: number): Promise<void> {
  const { params, run, lease, tools } = context;
  const { migrationId } = run;
  await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    await lease.check();
    await session.query(`alter database ${quoteIdentifier(name)} connection limit -1`);
    await tools.faults.reach('step.restore-file.restored');
    await lease.check();
    await markRestored(session, name, { migrationId, mark: { backupId: migrationId, items } });
  });
}

async function created({ run, tools }: Context): Promise<string[]> {
  const roles = (await tools.captures.find(run))?.['missingRoles'];
  return Array.isArray(roles) ? roles.map(String) : [];
}
