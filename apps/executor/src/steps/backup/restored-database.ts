import { join } from 'node:path';
import type { ServerEndpoint } from '#shared/contracts/registry.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { scramVerifier } from '#shared/database/scram-verifier.js';
import type { BackupRecord } from '../../backups/backup-record.js';
import type { CheckedBackup } from '../../backups/checked-backup.js';
import { ARCHIVE } from '../../backups/manifest.js';
import { createWorkingDatabase, dropOwnDatabase, extensionStatements } from '../../postgres/database-lifecycle.js';
import { restoreDatabase } from '../../postgres/dump-and-restore.js';
import {
  createBootstrapPlaceholder,
  createMissingRoles,
  dropCreatedRoles,
  missingRoles,
} from '../../postgres/roles.js';
import { runTexts } from '../../postgres/run-texts.js';
import { sessionName } from '../../postgres/session-name.js';
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

export type Running = Pick<StepContext<StepKind>, 'run' | 'signal' | 'tools' | 'lease' | 'progress'>;

/** What is made of a backup, and where. */
export interface Restoration {
  readonly checked: CheckedBackup;
  readonly record: BackupRecord;
  readonly server: ServerEndpoint;
  /** Name that only this attempt uses. */
  readonly name: string;
  /** Owns what the recorded owner owned. */
  readonly role: string;
  /** Of the role, when it has to be created; without one nobody can log in as it. */
  readonly password?: string;
  /** Only these; everything that the backup holds when absent. */
  readonly schemas?: readonly string[];
  readonly jobs: number;
}

/** Roles that are missing, and the database with its extensions: closed, marked and empty. */
export async function createRestored(context: Running, made: Restoration): Promise<string[]> {
  const { run, lease, signal } = context;
  const { record, server, name, role } = made;
  const { facts } = record;
  const created = await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
    const missing = await captureRoles(context, session, made);
    await lease.check();
    const verifier = made.password === undefined ? {} : { verifier: scramVerifier(made.password) };
    await createMissingRoles(session, { ...facts, role, sourceOwner: facts.owner, ...verifier });
    await createBootstrapPlaceholder(session, record.bootstrapRole);
    await lease.check();
    await createWorkingDatabase(session, { ...facts, role }, { name, migrationId: run.migrationId });
    return missing;
  });
  await withAdmin(context, server, name, async (session) => {
    await runTexts(session, extensionStatements(await installable(session, facts.extensions)), signal);
  });
  return created;
}

/** Restores the archive and gives owners, grants and settings as recorded. @returns entries of the archive. */
export async function fillRestored(context: Running, made: Restoration): Promise<number> {
  const items = await restoreInto(context, made);
  await completeRestored(context, made);
  return items;
}

async function restoreInto(context: Running, made: Restoration): Promise<number> {
  const { run, tools, signal } = context;
  const { server, name, schemas, checked } = made;
  const present = await withAdmin(context, server, name, async (session) => {
    // pg_restore takes what lies in a schema, not the schema itself.
    for (const schema of schemas ?? []) await session.query(`create schema if not exists ${quoteIdentifier(schema)}`);
    const extensions = await readExtensions(session);
    return { schemas: await readSchemas(session), extensions: extensions.map((extension) => extension.name) };
  });
  const address = await adminAddress(context, server, name);
  const chosen = sameMajor(await findTools(tools.pgToolsDirectories), checked.manifest);
  return withRunDirectory(tools.workRoot, run, (workDirectory) =>
    restoreDatabase(
      {
        tools: chosen,
        address,
        applicationName: sessionName(run),
        workDirectory,
        directory: join(checked.backup.path, ARCHIVE),
        jobs: made.jobs,
        signal,
        onProgress: (progress) => {
          context.progress(progress);
        },
      },
      present,
      schemas === undefined ? {} : { schemas },
    ),
  );
}

/** Owners, grants and settings that a dump leaves out or words otherwise. */
async function completeRestored(context: Running, made: Restoration): Promise<void> {
  const { signal } = context;
  const { record, server, name, role } = made;
  await withAdmin(context, server, name, async (session) => {
    const schemas = scopeOf(made);
    const target = {
      database: name,
      role,
      ...(schemas === undefined ? {} : { schemas: await quotedNames(session, schemas) }),
    };
    const { privileges, settings } = await recordStatements(session, record, target);
    await runTexts(session, [...privileges, ...settings], signal);
    await dropStandIns(session, record, { role, signal });
  });
}

/** What of the record the restored database shows. */
export function scopeOf({ checked, schemas }: Pick<Restoration, 'checked' | 'schemas'>): readonly string[] | undefined {
  return schemas ?? checked.backup.schemas;
}

/** Drops the named databases of this migration and the roles that were made for them. May be repeated. @returns roles that are left. */
export async function dropRestored(
  context: Running,
  server: ServerEndpoint,
  isOwn: (name: string) => boolean,
): Promise<string[]> {
  const { run, tools, lease } = context;
  const left = await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
    await lease.check();
    for (const name of (await markedNames(session, run.migrationId)).filter(isOwn)) {
      await dropOwnDatabase(session, name, run.migrationId);
    }
    const roles = (await tools.captures.find(run))?.['missingRoles'];
    return dropCreatedRoles(session, Array.isArray(roles) ? roles.map(String) : []);
  });
  await tools.captures.forget(run);
  return left;
}

/** Databases that carry the mark of the migration. */
export async function markedNames(session: Session, migrationId: string): Promise<string[]> {
  const { rows } = await session.query<{ name: string }>(
    `select datname as name
       from pg_database
      where shobj_description(oid, 'pg_database') like $1
      order by oid`,
    [`rehome migration ${migrationId}%`],
  );
  return rows.map(({ name }) => name);
}

/** Which roles are missing before any is made: what may be dropped afterwards. */
async function captureRoles(
  { run, tools }: Running,
  session: Session,
  { record, role }: Restoration,
): Promise<string[]> {
  const { facts } = record;
  const kept = await tools.captures.keep(run, async () => ({
    missingRoles: await missingRoles(session, [role, facts.owner, ...facts.roles.map(({ name }) => name)]),
  }));
  const names = kept['missingRoles'];
  return Array.isArray(names) ? names.map(String) : [];
}
