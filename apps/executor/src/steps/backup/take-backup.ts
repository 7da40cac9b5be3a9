import { join } from 'node:path';
import type { Compression } from '#shared/contracts/steps/backup-steps.js';
import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { recordContent, writeRecord, type BackupRecord, type RecordedAccess } from '../../backups/backup-record.js';
import { structureDigest } from '../../backups/compare-with-record.js';
import { ARCHIVE, writeManifest, type StoredManifest } from '../../backups/manifest.js';
import { structureIn } from '../../postgres/catalogue/in-schemas.js';
import { structureOf } from '../../postgres/catalogue/read-structure.js';
import { readRestoreMark } from '../database/working-database.js';
import { databaseState } from '../../postgres/database-lifecycle.js';
import { dumpDatabase } from '../../postgres/dump-and-restore.js';
import { readSequences } from '../../postgres/hash-sequences.js';
import { contentDigest, readContent, totalRows, type Content } from '../../postgres/hashing.js';
import { readFactsWithin } from '../../postgres/inspection/database-facts.js';
import { bootstrapRole } from '../../postgres/role-map.js';
import { readCrossings } from '../../postgres/schema-crossings.js';
import { majorOf, type Session } from '../../postgres/session.js';
import { sessionName } from '../../postgres/session-name.js';
import { shareSnapshot, type SharedSnapshot } from '../../postgres/shared-snapshot.js';
import { findTools, type PostgresTools } from '../../postgres/tools.js';
import { withRunDirectory } from '../../running/run-directory.js';
import type { StepContext } from '../../running/step.js';
import { backupToolsFor } from '../database/choose-tools.js';
import { adminAddress, openAdmin } from '../step-session.js';
import { quotedNames } from './quoted-names.js';

type Context = StepContext<'back-up-database'>;

interface Place {
  readonly directory: string;
  readonly backupId: string;
}

/** Dumps and records the database as one snapshot shows it, and writes the manifest over both. */
export async function takeBackup(context: Context, place: Place): Promise<StoredManifest> {
  const { source } = context.params;
  // It holds the snapshot, so it must stay until everybody who needs it has joined.
  const holder = await openAdmin(context, source.server, source.database);
  try {
    const snapshot = await shareSnapshot(holder);
    const seen = await readMoment(holder, source.database);
    const found = await findTools(context.tools.pgToolsDirectories);
    const tools = backupToolsFor(majorOf(seen.facts.serverVersion), context.params.compression, found);
    // Sequences know no snapshot: what pg_dump reads lies between this reading and the one after it.
    const sequences = await readSequences(holder);
    const read = await dumpAndRead(context, { place, snapshot, tools, tables: seen.facts.tables });
    const content = { ...read, sequences };
    const record = { ...seen, content: recordContent(content, await readSequences(holder)) };
    await writeRecord(place.directory, record);
    return await writeManifest(place.directory, await headOf(context, { record, content, tools, holder, place }));
  } catch (error) {
    context.signal.throwIfAborted();
    throw classifyPostgresError(error);
  } finally {
    await holder.end().catch(() => undefined);
  }
}

/** Everything but rows, within the snapshot. */
async function readMoment(session: Session, database: string): Promise<Omit<BackupRecord, 'content'>> {
  const { facts, catalogue } = await readFactsWithin(session);
  return {
    recordVersion: 1,
    takenAt: await momentOf(session),
    facts,
    bootstrapRole: await bootstrapRole(session),
    catalogue,
    access: await readAccess(session, database),
    crossings: await readCrossings(session),
  };
}

async function momentOf(session: Session): Promise<string> {
  // Of the transaction, so of its snapshot.
  const { rows } = await session.query<{ now: Date }>(`select now() as now`);
  if (rows[0] === undefined) throw new RehomeError('INTERNAL', 'the server did not tell the time');
  return rows[0].now.toISOString();
}

async function readAccess(session: Session, database: string): Promise<RecordedAccess> {
  const { rows } = await session.query<Omit<RecordedAccess, 'comment'>>(
    `select pg_get_userbyid(datdba) as owner, datconnlimit as "connectionLimit",
            coalesce(datacl, acldefault('d', datdba))::text[] as acl
       from pg_database
      where datname = current_database()`,
  );
  if (rows[0] === undefined) throw new RehomeError('INTERNAL', 'the session is in no database');
  const { comment } = readRestoreMark((await databaseState(session, database)).comment);
  return { ...rows[0], comment };
}

interface Dumping {
  readonly place: Place;
  readonly snapshot: SharedSnapshot;
  readonly tools: PostgresTools;
  readonly tables: number;
}

/** Both read the same rows at the same time, so that the snapshot is held as short as can be. One's failure ends the other. */
async function dumpAndRead(context: Context, dumping: Dumping): Promise<Content> {
  const { params, signal } = context;
  const { source, schemas } = params;
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const jobs = Math.max(1, Math.ceil(params.jobs / 2));
  const address = await adminAddress(context, source.server, source.database);
  const reading = readContent(address, {
    applicationName: sessionName(context.run),
    signal: both,
    jobs,
    snapshot: dumping.snapshot,
    ...(schemas === undefined ? {} : { schemas }),
  });
  const work = [reading, dump({ ...context, signal: both }, dumping, jobs)] as const;
  try {
    const [content] = await Promise.all(work);
    return content;
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(work);
    throw error;
  }
}

async function dump(context: Context, { place, snapshot, tools, tables }: Dumping, jobs: number): Promise<void> {
  const { params, run, signal } = context;
  const { source, compression, schemas } = params;
  const address = await adminAddress(context, source.server, source.database);
  await withRunDirectory(context.tools.workRoot, run, (workDirectory) =>
    dumpDatabase(
      {
        tools,
        address,
        applicationName: sessionName(run),
        workDirectory,
        directory: join(place.directory, ARCHIVE),
        jobs,
        signal,
        onProgress: (progress) => {
          context.progress(progress);
        },
      },
      tables,
      {
        compression: compressionArgument(compression),
        snapshot: snapshot.id,
        ...(schemas === undefined ? {} : { schemas }),
      },
    ),
  );
}

interface Taken {
  readonly record: BackupRecord;
  readonly content: Content;
  readonly tools: PostgresTools;
  readonly holder: Session;
  readonly place: Place;
}

async function headOf({ params }: Context, { record, content, tools, holder, place }: Taken) {
  const { source, label, tier, schemas, compression } = params;
  const whole = structureOf(record.catalogue, (role) => role);
  const structure = schemas === undefined ? whole : structureIn(whole, await quotedNames(holder, schemas));
  return {
    server: source.server.name,
    database: source.database,
    label,
    bootstrapRole: record.bootstrapRole,
    toolMajor: tools.major,
    toolVersion: tools.version,
    recorded: {
      backupId: place.backupId,
      tier,
      compression,
      ...(schemas === undefined ? {} : { schemas }),
      takenAt: record.takenAt,
      tables: [...content.tables.values()].filter(({ derived }) => !derived).length,
      rows: totalRows(content),
      contentDigest: contentDigest(content),
      structureDigest: structureDigest(structure),
    },
  };
}

/** Level 1 costs a fraction of the usual 6 and packs nearly as well. */
export function compressionArgument(compression: Compression): string {
  if (compression === 'none') return '0';
  return compression === 'gzip' ? '1' : compression;
}
