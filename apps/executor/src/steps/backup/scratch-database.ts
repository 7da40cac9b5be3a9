import { join } from 'node:path';
import type { BackupRecord } from '../../backups/backup-record.js';
import type { CheckedBackup } from '../../backups/checked-backup.js';
import { ARCHIVE } from '../../backups/manifest.js';
import { fitIdentifier } from '#shared/database/identifier.js';
import { createWorkingDatabase, dropOwnDatabase, extensionStatements } from '../../postgres/database-lifecycle.js';
import { restoreDatabase } from '../../postgres/dump-and-restore.js';
import {
  createBootstrapPlaceholder,
  createMissingRoles,
  dropCreatedRoles,
  missingRoles,
} from '../../postgres/roles.js';
import { runTexts } from '../../postgres/run-texts.js';
import { runDigits, sessionName } from '../../postgres/session-name.js';
import type { Session } from '../../postgres/session.js';
import { findTools } from '../../postgres/tools.js';
import { withRunDirectory } from '../../running/run-directory.js';
import type { StepContext } from '../../running/step.js';
import { installable } from '../database/create-database.step.js';
import { sameMajor } from '../database/restore-database.step.js';
import { readExtensions, readSchemas } from '../database/working-database.js';
import { adminAddress, MAINTENANCE_DATABASE, withAdmin } from '../step-session.js';
import { dropStandIns, recordStatements } from './apply-record.js';
import { quotedNames } from './quoted-names.js';

type Context = StepContext<'verify-backup'>;

/** `odoo_acme__v1a2b3c4d_1`: the fence keeps an older attempt's late `create database` away from ours. */
function scratchName(database: string, digits: string, fence: number): string {
  return fitIdentifier(database, `__v${digits}_${String(fence)}`);
}

/** Restores the backup as a database of its own, closed to everybody but the administrator. @returns its name. */
export async function makeScratch(context: Context, checked: CheckedBackup, record: BackupRecord): Promise<string> {
  const { params, run, lease, tools } = context;
  const name = scratchName(checked.backup.database, runDigits(run), run.fence);
  await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    await captureRoles(context, session, record);
    await lease.check();
    const { facts } = record;
    // Without a password: nobody is to log in.
    await createMissingRoles(session, { ...facts, role: facts.owner, sourceOwner: facts.owner });
    await createBootstrapPlaceholder(session, record.bootstrapRole);
    await createWorkingDatabase(session, { ...facts, role: facts.owner }, { name, migrationId: run.migrationId });
  });
  await tools.faults.reach('step.verify-backup.created');
  await withAdmin(context, params.server, name, async (session) => {
    await runTexts(session, extensionStatements(await installable(session, record.facts.extensions)), context.signal);
  });
  await restoreInto(context, name, checked);
  await completeScratch(context, name, { record, checked });
  return name;
}

async function restoreInto(context: Context, name: string, { backup, manifest }: CheckedBackup): Promise<void> {
  const { params, run, tools, signal } = context;
  const present = await withAdmin(context, params.server, name, async (session) => ({
    schemas: await readSchemas(session),
    extensions: (await readExtensions(session)).map((extension) => extension.name),
  }));
  const address = await adminAddress(context, params.server, name);
  const chosen = sameMajor(await findTools(tools.pgToolsDirectories), manifest);
  await withRunDirectory(tools.workRoot, run, (workDirectory) =>
    restoreDatabase(
      {
        tools: chosen,
        address,
        applicationName: sessionName(run),
        workDirectory,
        directory: join(backup.path, ARCHIVE),
        jobs: params.jobs,
        signal,
        onProgress: (progress) => {
          context.progress(progress);
        },
      },
      present,
    ),
  );
}

/** Owners, grants and settings that a dump leaves out or words otherwise, as a restore for good gives them. */
async function completeScratch(
  context: Context,
  name: string,
  { record, checked }: { readonly record: BackupRecord; readonly checked: CheckedBackup },
): Promise<void> {
  const { params, signal } = context;
  await withAdmin(context, params.server, name, async (session) => {
    const { schemas } = checked.backup;
    const target = {
      database: name,
      role: record.facts.owner,
      ...(schemas === undefined ? {} : { schemas: await quotedNames(session, schemas) }),
    };
    const { privileges, settings } = await recordStatements(session, record, target);
    await runTexts(session, [...privileges, ...settings], signal);
    await dropStandIns(session, record, { role: target.role, signal });
  });
}

/** Drops every scratch database of this step, whichever attempt made it, and the roles made for it. May be repeated. */
export async function dropScratch(context: Context, database: string): Promise<void> {
  const { params, run, tools, lease } = context;
  await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    await lease.check();
    for (const name of await ownScratches(context, session, database)) {
      await dropOwnDatabase(session, name, run.migrationId);
    }
    const captured = await tools.captures.find(run);
    const roles = captured?.['missingRoles'];
    await dropCreatedRoles(session, Array.isArray(roles) ? roles.map(String) : []);
  });
  await tools.captures.forget(run);
}

async function ownScratches({ run }: Context, session: Session, database: string): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select datname as name
       from pg_database
      where shobj_description(oid, 'pg_database') like $1`,
    [`rehome migration ${run.migrationId}%`],
  );
  const generations = Array.from({ length: run.generation }, (_, index) => index + 1);
  const stems = generations.map((generation) => {
    const digits = runDigits({ ...run, direction: 'run', generation });
    return { digits, mark: `__v${digits}_` };
  });
  const own = (name: string): boolean =>
    stems.some(({ digits, mark }) => {
      const fence = Number(name.slice(name.lastIndexOf(mark) + mark.length));
      return name.includes(mark) && name === scratchName(database, digits, fence);
    });
  return rows.map(({ name }) => name).filter(own);
}

/** Which roles are missing before any is made: what may be dropped afterwards. */
async function captureRoles({ run, tools }: Context, session: Session, { facts }: BackupRecord): Promise<void> {
  await tools.captures.keep(run, async () => ({
    missingRoles: await missingRoles(session, [facts.owner, ...facts.roles.map(({ name }) => name)]),
  }));
}
