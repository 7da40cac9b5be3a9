import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { JsonObject } from '#shared/contracts/json.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { createFileOnce } from '../drivers/config-files/atomic-file.js';

/** One file of a backup: path within it, size in bytes, SHA-256 as lower-case hex. */
export interface ManifestFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** What a backup holds. Written last: a directory without one is a backup that was never finished. */
export interface Manifest {
  readonly server: string;
  readonly database: string;
  readonly label: string;
  /** Bootstrap superuser of the server: a dump names it as the owner of what came with PostgreSQL. */
  readonly bootstrapRole: string;
  readonly toolMajor: number;
  readonly toolVersion: string;
  /** What only a backup with a record of its contents has; the dump of a move is compared with its source instead. */
  readonly recorded?: RecordedHead;
  readonly files: readonly ManifestFile[];
}

/** What people and programs want to know of a backup without reading its record. */
export interface RecordedHead {
  readonly backupId: string;
  readonly tier: string;
  readonly compression: string;
  /** Absent for the whole database. */
  readonly schemas?: readonly string[];
  /** RFC 3339: the moment that the backup shows. */
  readonly takenAt: string;
  readonly tables: number;
  readonly rows: string;
  readonly contentDigest: string;
  readonly structureDigest: string;
}

export interface StoredManifest {
  readonly manifest: Manifest;
  /** SHA-256 of its file. */
  readonly sha256: string;
}

const FILE = 'manifest.json';
/** What an attempt at the manifest left that died before its file had its name. */
const UNFINISHED = /^manifest\.json\.[0-9a-f]+\.new$/;
/** Archive of pg_dump within the backup's directory. */
export const ARCHIVE = 'dump';

/** Hashes every file of the backup and writes the manifest beside them, once. */
export async function writeManifest(directory: string, about: Omit<Manifest, 'files'>): Promise<StoredManifest> {
  const files: ManifestFile[] = [];
  for (const path of await filesOf(directory)) {
    const absolute = join(directory, path);
    files.push({ path, size: (await stat(absolute)).size, sha256: await hashFile(absolute) });
  }
  await createFileOnce(join(directory, FILE), Buffer.from(`${JSON.stringify({ ...about, files }, null, 1)}\n`));
  return readManifest(directory);
}

/** @throws RehomeError BACKUP_DAMAGED when there is none or it cannot be read. */
export async function readManifest(directory: string): Promise<StoredManifest> {
  const found = await findManifest(directory);
  if (found !== undefined) return found;
  throw new RehomeError('BACKUP_DAMAGED', `the backup in ${directory} has no manifest; it was never finished`);
}

/** Undefined when there is none. */
export async function findManifest(directory: string): Promise<StoredManifest | undefined> {
  const bytes = await readFile(join(directory, FILE)).catch(() => undefined);
  if (bytes === undefined) return undefined;
  return { manifest: parseManifest(bytes, directory), sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** @throws RehomeError BACKUP_DAMAGED that names the first file which is not as the manifest says. */
export async function checkFiles(directory: string, { files }: Manifest): Promise<void> {
  for (const file of files) {
    const path = join(directory, file.path);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) throw damaged(path, 'is missing');
    if (found.size !== file.size)
      throw damaged(path, `holds ${String(found.size)} bytes and not ${String(file.size)}, as its manifest says`);
    if ((await hashFile(path)) !== file.sha256) throw damaged(path, 'holds other bytes than its manifest says');
  }
  const known = new Set(files.map(({ path }) => path));
  const extra = (await filesOf(directory)).find((path) => !known.has(path));
  if (extra !== undefined) throw damaged(join(directory, extra), 'stands in no manifest');
}

function damaged(path: string, what: string): RehomeError {
  return new RehomeError('BACKUP_DAMAGED', `${path} ${what}; the backup is not to be trusted, make a new one`, {
    facts: { file: path },
  });
}

/** Bytes of all files together. */
export function sizeOf({ files }: Manifest): string {
  return String(files.reduce((sum, { size }) => sum + BigInt(size), 0n));
}

export function asManifestJson(manifest: Manifest): JsonObject {
  return asJsonObject(manifest);
}

function parseManifest(bytes: Buffer, directory: string): Manifest {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null && 'files' in value && Array.isArray(value.files)) {
      return value as Manifest;
    }
  } catch {
    // Told below, as every other manifest that is none.
  }
  throw new RehomeError('BACKUP_DAMAGED', `the manifest in ${directory} cannot be read; make a new backup`);
}

/** Every file of a backup but its manifest, relative to its directory, in order. */
async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((path) => path !== FILE && !UNFINISHED.test(path))
    .sort();
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
