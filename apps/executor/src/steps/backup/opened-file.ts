import { join } from 'node:path';
import type { ServerEndpoint } from '#shared/contracts/registry.js';
import type { DatabaseFacts, ExtensionFact } from '#shared/contracts/steps/database-facts.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { CheckedBackup } from '../../backups/checked-backup.js';
import { readArchive } from '../../backups/files/archive-facts.js';
import { findDumpFile, unpack, type DumpFile } from '../../backups/files/dump-file.js';
import { readScript, type ScriptExtension } from '../../backups/files/plain-script.js';
import { findScriptTool } from '../../backups/files/script-tool.js';
import { majorOf, serverVersion, type Session } from '../../postgres/session.js';
import { findTools, type PostgresTools } from '../../postgres/tools.js';
import type { StepContext } from '../../running/step.js';
import { sameMajor } from '../database/restore-database.step.js';
import { readAttributes } from '../database/working-database.js';
import { MAINTENANCE_DATABASE, withAdmin } from '../step-session.js';

export type Running = Pick<StepContext<StepKind>, 'run' | 'signal' | 'tools'>;

/** Attributes of a new database on the server where nobody says otherwise. */
const USUAL = 'template0';

/** A dump without a record, unpacked and read as far as is needed to restore it. */
export interface OpenedFile {
  readonly file: DumpFile;
  /** What the tool is given: the file itself, or what it holds, in the run's directory. */
  readonly path: string;
  readonly tools: PostgresTools;
  /** Of a plain script. */
  readonly psql?: string;
  readonly items: number;
  readonly sourceMajor?: number;
  /** That a plain script gives objects to. */
  readonly owners: readonly string[];
  readonly extensions: readonly ScriptExtension[];
}

export interface Opening {
  readonly path: string;
  readonly server: ServerEndpoint;
  readonly role: string;
  /** Whose dump it is. */
  readonly backup?: CheckedBackup | undefined;
}

/**
 * Finds the file and reads what it says of itself. A plain script is written anew, ready for psql.
 * @throws RehomeError PATH_NOT_ALLOWED, BACKUP_UNKNOWN, BACKUP_DAMAGED, TOOL_MISSING
 */
export async function openFile(context: Running, asked: Opening, workDirectory: string): Promise<OpenedFile> {
  const { tools, signal } = context;
  const file = await findDumpFile(
    asked.path,
    asked.backup === undefined ? tools.backupRoots : [asked.backup.backup.path],
  );
  const found = await findTools(tools.pgToolsDirectories);
  const chosen = await chooseTools(context, asked, found);
  if (file.format === 'plain') {
    const psql = await findScriptTool(found);
    const path = join(workDirectory, 'restore.sql');
    const facts = await readScript(file, signal, { path, role: asked.role });
    return { ...facts, file, path, psql, tools: chosen };
  }
  const path = file.gzipped ? join(workDirectory, 'restore.archive') : file.path;
  if (file.gzipped) await unpack(file, path, signal);
  const facts = await readArchive({ tools: chosen, path, workDirectory, signal });
  return { ...facts, file, path, tools: chosen, owners: [] };
}

/** Those that made it, where that is known; else none newer than the server, which would send settings it does not know. */
async function chooseTools(
  context: Running,
  { server, backup }: Opening,
  found: readonly PostgresTools[],
): Promise<PostgresTools> {
  if (backup !== undefined) return sameMajor(found, backup.manifest);
  const major = await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) =>
    majorOf(await serverVersion(session)),
  );
  const chosen = found.find((pair) => pair.major <= major) ?? found[0];
  if (chosen === undefined) throw new RangeError('findTools found no tools');
  return chosen;
}

/** What a new database for it is to be like: as any new one of the server, because a dump does not tell. */
export async function factsOf(session: Session, opened: OpenedFile, owner: string): Promise<DatabaseFacts> {
  const version = await serverVersion(session);
  const { sourceMajor } = opened;
  return {
    ...(await readAttributes(session, USUAL)),
    serverVersion: sourceMajor === undefined ? version : sourceMajor * 10_000,
    owner,
    extensions: await usualVersions(session, opened.extensions),
    sizeBytes: String(opened.file.bytes),
    tables: 0,
    estimatedRows: '0',
    sequences: 0,
    largeObjects: 0,
    roles: [],
    fingerprint: '',
  };
}

/** The version that `create extension` takes; none of an extension that the server lacks. */
async function usualVersions(session: Session, extensions: readonly ScriptExtension[]): Promise<ExtensionFact[]> {
  const { rows } = await session.query<{ name: string; version: string }>(
    `select name, default_version as version from pg_available_extensions where name = any ($1)`,
    [extensions.map(({ name }) => name)],
  );
  const versions = new Map(rows.map(({ name, version }) => [name, version]));
  return extensions.map((extension) => ({ ...extension, version: versions.get(extension.name) ?? '' }));
}
