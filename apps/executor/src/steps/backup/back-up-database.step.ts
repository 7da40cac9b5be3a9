import { mkdir, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import type { JsonObject } from '#shared/contracts/json.js';
import type { BackUpDatabaseResult } from '#shared/contracts/steps/backup-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { namedBackupDirectory } from '../../backups/backup-directory.js';
import { checkedBackup } from '../../backups/checked-backup.js';
import { ARCHIVE, findManifest, sizeOf, type StoredManifest } from '../../backups/manifest.js';
import { dumpArguments } from '../../postgres/dump-and-restore.js';
import type { Step, StepContext } from '../../running/step.js';
import { placeOf } from '../step-session.js';
import { backupIdOf, recordBackup } from './record-backup.js';
import { compressionArgument, takeBackup } from './take-backup.js';

type Context = StepContext<'back-up-database'>;

/**
 * Backs a database up while it is used: pg_dump and the record of what the database holds see the same snapshot. Its
 * manifest is written last: what has none was never finished.
 */
export const backUpDatabase: Step<'back-up-database'> = {
  kind: 'back-up-database',

  async probe(context) {
    const directory = await findDirectory(context);
    if (directory === undefined) return { state: 'not-started' };
    const stored = await findManifest(directory);
    const known = await context.tools.backups.find(backupIdOf(context.run));
    if (known !== undefined && stored !== undefined)
      return { state: 'done', result: resultOf(context, directory, stored) };
    return stored === undefined
      ? { state: 'not-started' }
      : { state: 'partial', detail: `${directory} stands in no catalogue yet` };
  },

  async run(context) {
    const { lease, run, tools } = context;
    await lease.check();
    const directory = await makeDirectory(context);
    const stored = (await findManifest(directory)) ?? (await take(context, directory));
    await tools.faults.reach('step.back-up-database.finished');
    await lease.check();
    await record(context, directory, stored);
    return resultOf(context, directory, stored);

    async function take(of: Context, place: string): Promise<StoredManifest> {
      await rm(place, { recursive: true, force: true });
      await mkdir(place, { recursive: true, mode: 0o700 });
      return takeBackup(of, { directory: place, backupId: backupIdOf(run) });
    }
  },

  async verify({ tools }, { backupId }) {
    await checkedBackup(tools.backups, backupId);
  },

  undo: remove,

  describe({ source, tier, jobs, compression, schemas }) {
    const at = `${placeOf(source.server)}/${source.database}`;
    const scope = {
      compression: compressionArgument(compression),
      snapshot: '$SNAPSHOT',
      ...(schemas === undefined ? {} : { schemas }),
    };
    const directory = `$WORK_ROOT/backups/${tier}/${source.server.name}/${source.database}/$TIME/${ARCHIVE}`;
    return [
      {
        tool: 'sql',
        at,
        text: 'begin transaction isolation level repeatable read, read only; select pg_export_snapshot()',
      },
      {
        tool: 'sql',
        at,
        text: 'select count(*), sum(hashtextextended(t::text, 0)) from each table t; sequences, large objects and the catalogue are read and recorded',
      },
      { tool: 'command', at, text: ['pg_dump', ...dumpArguments(source.database, directory, jobs, scope)].join(' ') },
    ];
  },
};

async function record(context: Context, directory: string, stored: StoredManifest): Promise<void> {
  const { source, label, tier, compression, schemas } = context.params;
  const kept = { label, tier, compression, ...(schemas === undefined ? {} : { schemas }) };
  await recordBackup(context, { source, directory, stored, kept });
}

function resultOf(
  { params, tools, run }: Context,
  directory: string,
  { manifest, sha256 }: StoredManifest,
): BackUpDatabaseResult {
  const { recorded } = manifest;
  if (recorded === undefined)
    throw new RehomeError('BACKUP_DAMAGED', `the manifest in ${directory} records no contents`);
  return {
    backupId: backupIdOf(run),
    label: params.label,
    tier: params.tier,
    directory: relative(tools.workRoot, directory),
    bytes: sizeOf(manifest),
    files: manifest.files.length,
    manifestHash: sha256,
    toolVersion: manifest.toolVersion,
    compression: params.compression,
    tables: recorded.tables,
    rows: recorded.rows,
    contentDigest: recorded.contentDigest,
    structureDigest: recorded.structureDigest,
  };
}

/**
 * One that is to be kept and finished stays, whatever failed afterwards, unless it was found to be damaged: then it is of
 * no use. Files first: a row without files is found again.
 */
async function remove(context: Context): Promise<JsonObject> {
  const { tools, run, lease, params } = context;
  await lease.check();
  const kept: string[] = [];
  for (let generation = 1; generation <= run.generation; generation += 1) {
    const one = { ...context, run: { ...run, generation } };
    const directory = await findDirectory(one);
    if (params.kept === true && (await isSound(one, directory))) {
      kept.push(backupIdOf(one.run));
      continue;
    }
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    await tools.backups.markDeleted(backupIdOf(one.run));
  }
  if (kept.length > 0) return { removed: false, kept };
  await tools.captures.forget(run);
  return { removed: true };
}

async function isSound({ tools, run }: Context, directory: string | undefined): Promise<boolean> {
  if (directory === undefined || (await findManifest(directory)) === undefined) return false;
  const backup = await tools.backups.find(backupIdOf(run));
  return backup !== undefined && backup.status !== 'damaged';
}

/** Its name tells when the first attempt began, which a later one must know. */
async function makeDirectory(context: Context): Promise<string> {
  const began = await context.tools.captures.keep(context.run, () =>
    Promise.resolve({ startedAt: new Date().toISOString() }),
  );
  return directoryOf(context, began);
}

async function findDirectory(context: Context): Promise<string | undefined> {
  const began = await context.tools.captures.find(context.run);
  return began === undefined ? undefined : directoryOf(context, began);
}

function directoryOf({ params, tools, run }: Context, { startedAt }: JsonObject): string {
  return namedBackupDirectory(tools.workRoot, {
    tier: params.tier,
    server: params.source.server.name,
    database: params.source.database,
    startedAt: typeof startedAt === 'string' ? startedAt : '',
    backupId: backupIdOf(run),
  });
}
