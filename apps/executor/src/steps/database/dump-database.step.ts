import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '#shared/contracts/json.js';
import type { DumpDatabaseResult } from '#shared/contracts/steps/database-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { backupDirectory } from '../../backups/expired-backups.js';
import {
  ARCHIVE,
  checkFiles,
  findManifest,
  sizeOf,
  writeManifest,
  type StoredManifest,
} from '../../backups/manifest.js';
import { dumpArguments, dumpDatabase as runDump } from '../../postgres/dump-and-restore.js';
import { bootstrapRole } from '../../postgres/role-map.js';
import { sessionName } from '../../postgres/session-name.js';
import { majorOf, serverVersion, type Session } from '../../postgres/session.js';
import { findTools } from '../../postgres/tools.js';
import { withRunDirectory } from '../../running/run-directory.js';
import type { Step, StepContext } from '../../running/step.js';
import { backupIdOf, recordBackup } from '../backup/record-backup.js';
import { adminAddress, placeOf, withDatabase } from '../step-session.js';
import { oldestToolsFor } from './choose-tools.js';

type Context = StepContext<'dump-database'>;

/** Backs the database up in directory format. Its manifest is written last: what has none was never finished. */
export const dumpDatabase: Step<'dump-database'> = {
  kind: 'dump-database',

  async probe(context) {
    const { tools, run } = context;
    const backup = await tools.backups.find(backupIdOf(run));
    if (backup !== undefined) return { state: 'done', result: resultOf(context, await storedManifest(context)) };
    const directory = directoryOf(context);
    const unfinished = (await findManifest(directory)) === undefined;
    return unfinished
      ? { state: 'not-started' }
      : { state: 'partial', detail: `${directory} stands in no catalogue yet` };
  },

  async run(context) {
    const { lease } = context;
    const directory = directoryOf(context);
    await lease.check();
    const finished = await findManifest(directory);
    const stored = finished ?? (await dump(context, directory));
    await lease.check();
    const { source, label } = context.params;
    await recordBackup(context, { source, directory, stored, kept: { label } });
    return resultOf(context, stored);
  },

  async verify(context, result) {
    const stored = await storedManifest(context);
    if (stored.sha256 !== result.manifestHash) {
      throw new RehomeError(
        'BACKUP_DAMAGED',
        `the manifest of backup ${result.backupId} was altered; make a new backup`,
      );
    }
    await checkFiles(directoryOf(context), stored.manifest);
  },

  undo: remove,

  describe({ source, jobs }) {
    const text = ['pg_dump', ...dumpArguments(source.database, '$WORK_ROOT/backups/$BACKUP_ID/dump', jobs)].join(' ');
    return [{ tool: 'command', at: placeOf(source.server), text }];
  },
};

async function dump(context: Context, directory: string): Promise<StoredManifest> {
  const { params, tools, run, signal } = context;
  const { source, jobs } = params;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const facts = await withDatabase(context, source, readFacts);
  const chosen = oldestToolsFor(facts.major, await findTools(tools.pgToolsDirectories));
  const address = await adminAddress(context, source.server, source.database);
  await withRunDirectory(tools.workRoot, run, (workDirectory) =>
    runDump(
      {
        tools: chosen,
        address,
        applicationName: sessionName(run),
        workDirectory,
        directory: join(directory, ARCHIVE),
        jobs,
        signal,
        onProgress: (progress) => {
          context.progress(progress);
        },
      },
      facts.tables,
    ),
  );
  await tools.faults.reach('step.dump-database.dumped');
  return writeManifest(directory, {
    server: source.server.name,
    database: source.database,
    label: params.label,
    bootstrapRole: facts.bootstrapRole,
    toolMajor: chosen.major,
    toolVersion: chosen.version,
  });
}

async function readFacts(session: Session): Promise<{ major: number; tables: number; bootstrapRole: string }> {
  const { rows } = await session.query<{ tables: number }>(
    `select count(*)::int as tables
       from pg_class as c
       join pg_namespace as n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'`,
  );
  return {
    major: majorOf(await serverVersion(session)),
    tables: rows[0]?.tables ?? 0,
    bootstrapRole: await bootstrapRole(session),
  };
}

function resultOf({ params, run }: Context, { manifest, sha256 }: StoredManifest): DumpDatabaseResult {
  return {
    backupId: backupIdOf(run),
    label: params.label,
    bytes: sizeOf(manifest),
    files: manifest.files.length,
    manifestHash: sha256,
    toolVersion: manifest.toolVersion,
  };
}

/** The source is as it was, so its copy is of no more use. Files first: a row without files is found again. */
async function remove(context: Context): Promise<JsonObject> {
  const { tools, run, lease } = context;
  await lease.check();
  for (let generation = 1; generation <= run.generation; generation += 1) {
    const backupId = backupIdOf({ ...run, generation });
    await rm(backupDirectory(tools.workRoot, backupId), { recursive: true, force: true });
    await tools.backups.markDeleted(backupId);
  }
  return { removed: true };
}

async function storedManifest(context: Context): Promise<StoredManifest> {
  const stored = await findManifest(directoryOf(context));
  if (stored !== undefined) return stored;
  throw new RehomeError('BACKUP_DAMAGED', `the files of backup ${backupIdOf(context.run)} are gone; make a new backup`);
}

function directoryOf({ tools, run }: Context): string {
  return backupDirectory(tools.workRoot, backupIdOf(run));
}
