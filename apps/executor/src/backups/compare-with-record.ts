import { createHash } from 'node:crypto';
import type { Mismatch, VerifyCopyResult } from '#shared/contracts/steps/verification-steps.js';
import { compareContents } from '../postgres/compare-contents.js';
import { compareStructures } from '../postgres/catalogue/compare-structures.js';
import { fingerprint } from '../postgres/catalogue/fingerprint.js';
import { contentIn, structureIn } from '../postgres/catalogue/in-schemas.js';
import { structureOf } from '../postgres/catalogue/read-structure.js';
import type { MapRole, Structure } from '../postgres/catalogue/structure.js';
import type { SequenceState } from '../postgres/hash-sequences.js';
import { contentDigest, largestTables, totalRows, type Content } from '../postgres/hashing.js';
import { recordedContent, type BackupRecord, type RecordedContent } from './backup-record.js';

/** A restored database as it was read, its roles named as its server does. */
export interface Restored {
  readonly structure: Structure;
  readonly content: Content;
}

export interface RecordScope {
  /** Names of roles as the restored database's server calls them. */
  readonly mapRole: MapRole;
  /** Only these, as `quote_ident` writes them; everything when absent. */
  readonly schemas?: readonly string[];
}

export interface RecordComparison {
  readonly mismatches: readonly Mismatch[];
  readonly result: VerifyCopyResult;
}

/** Everything in which a restored database differs from what its backup recorded. Materialized views are computed anew. */
export function compareWithRecord(record: BackupRecord, restored: Restored, scope: RecordScope): RecordComparison {
  const { schemas, mapRole } = scope;
  const found = schemas === undefined ? restored : inSchemas(restored, schemas);
  const whole = { structure: structureOf(record.catalogue, mapRole), content: expected(record.content, found.content) };
  const wanted = schemas === undefined ? whole : inSchemas(whole, schemas);
  const { mismatches } = compareContents(wanted.content, found.content);
  const all = [...compareStructures(wanted.structure, found.structure), ...mismatches];
  return { mismatches: all, result: resultOf(found, all.length) };
}

function inSchemas({ structure, content }: Restored, schemas: readonly string[]): Restored {
  return { structure: structureIn(structure, schemas), content: contentIn(content, schemas) };
}

/** A sequence that the application used during the dump may stand anywhere between both readings. */
function expected(recorded: RecordedContent, found: Content): Content {
  const after = new Map(recorded.sequencesAfter.map((sequence) => [sequence.name, sequence]));
  const content = recordedContent(recorded);
  const sequences = new Map<string, SequenceState>();
  for (const [name, before] of content.sequences) {
    const [now, later] = [found.sequences.get(name), after.get(name) ?? before];
    sequences.set(name, now !== undefined && isBetween(now, before, later) ? now : later);
  }
  return { ...content, sequences };
}

function isBetween(now: SequenceState, before: SequenceState, after: SequenceState): boolean {
  if (before.lastValue === after.lastValue && before.called === after.called)
    return now.lastValue === before.lastValue && now.called === before.called;
  const [value, one, other] = [BigInt(now.lastValue), BigInt(before.lastValue), BigInt(after.lastValue)];
  return one <= other ? one <= value && value <= other : other <= value && value <= one;
}

function resultOf({ structure, content }: Restored, mismatches: number): VerifyCopyResult {
  return {
    tables: [...content.tables.values()].filter(({ derived }) => !derived).length,
    rows: totalRows(content),
    sequences: content.sequences.size,
    largeObjects: Number(content.largeObjects.count),
    objects: structure.objects.size,
    mismatches,
    contentDigest: contentDigest(content),
    structureDigest: structureDigest(structure),
    largest: largestTables(content),
  };
}

export function structureDigest(structure: Structure): string {
  return createHash('sha256').update(fingerprint(structure)).digest('hex');
}
