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
  readonly files: readonly ManifestFile[];
}

export interface StoredManifest {
  readonly manifest: Manifest;
  /** SHA-256 of its file. */
  readonly sha256: string;
}

const FILE = 'manifest.json';
/** Archive of pg_dump within the backup's directory. */
export const ARCHIVE = 'dump';

/** Hashes every file of the archive and writes the manifest beside it, once. */
export async function writeManifest(directory: string, about: Omit<Manifest, 'files'>): Promise<StoredManifest> {
  const archive = join(directory, ARCHIVE);
  const paths = await filesBelow(archive);
  const files: ManifestFile[] = [];
  for (const path of paths) {
    files.push({ path: relative(directory, path), size: (await stat(path)).size, sha256: await hashFile(path) });
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
    if (found?.size === file.size && (await hashFile(path)) === file.sha256) continue;
    throw new RehomeError('BACKUP_DAMAGED', `${path} is not as the manifest of the backup says; make a new backup`);
  }
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

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
