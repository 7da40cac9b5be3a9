import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { createFileOnce } from '../drivers/config-files/atomic-file.js';
import type { CatalogueReading } from '../postgres/catalogue/read-structure.js';
import type { SequenceState } from '../postgres/hash-sequences.js';
import type { TableContent } from '../postgres/hash-tables.js';
import type { Content } from '../postgres/hashing.js';
import type { SchemaCrossing } from '../postgres/schema-crossings.js';

/**
 * What the database held at the moment that a backup shows, kept beside the dump: the source goes on, and a restore is
 * compared with this. It names settings of the application, so it is as secret as the dump itself and stays in the work root.
 */
export interface BackupRecord {
  readonly recordVersion: 1;
  /** RFC 3339, by the server's clock. */
  readonly takenAt: string;
  readonly facts: DatabaseFacts;
  readonly bootstrapRole: string;
  readonly catalogue: CatalogueReading;
  readonly access: RecordedAccess;
  readonly crossings: readonly SchemaCrossing[];
  readonly content: RecordedContent;
}

/** What belongs to the database itself. */
export interface RecordedAccess {
  readonly owner: string;
  readonly connectionLimit: number;
  /** Effective, one `aclitem` each. */
  readonly acl: readonly string[];
  /** Without a mark of ours. */
  readonly comment: string;
}

export interface RecordedContent {
  readonly tables: readonly TableContent[];
  /** Before and after the dump: sequences know no snapshot, and pg_dump read them somewhere between. */
  readonly sequences: readonly SequenceState[];
  readonly sequencesAfter: readonly SequenceState[];
  readonly largeObjects: {
    readonly count: string;
    readonly hash: string;
    readonly buckets: readonly (readonly [string, { readonly count: string; readonly hash: string }])[];
  };
}

export const RECORD = 'record.json';

export async function writeRecord(directory: string, record: BackupRecord): Promise<void> {
  await createFileOnce(join(directory, RECORD), Buffer.from(`${JSON.stringify(record)}\n`));
}

/**
 * The record of a backup whose files were checked before.
 * @throws RehomeError BACKUP_DAMAGED when there is none: then nothing can prove a restore.
 */
export async function readRecord(directory: string): Promise<BackupRecord> {
  const path = join(directory, RECORD);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as BackupRecord;
  } catch (error) {
    const detail = `${path}, the record of what the backup holds, cannot be read; make a new backup`;
    throw new RehomeError('BACKUP_DAMAGED', detail, { cause: error });
  }
}

export function recordContent(content: Content, sequencesAfter: Content['sequences']): RecordedContent {
  const { tables, sequences, largeObjects } = content;
  return {
    tables: [...tables.values()],
    sequences: [...sequences.values()],
    sequencesAfter: [...sequencesAfter.values()],
    largeObjects: { ...largeObjects, buckets: [...largeObjects.buckets] },
  };
}

/** What was recorded, with sequences as they stood before the dump. */
export function recordedContent({ tables, sequences, largeObjects }: RecordedContent): Content {
  return {
    tables: new Map(tables.map((table) => [table.name, table])),
    sequences: new Map(sequences.map((sequence) => [sequence.name, sequence])),
    largeObjects: { ...largeObjects, buckets: new Map(largeObjects.buckets) },
  };
}
