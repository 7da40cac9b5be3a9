import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { DumpFormat } from '#shared/contracts/steps/backup-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { resolveWithinRoots } from '../../drivers/paths.js';

/** A dump that somebody else made, as it lies there. */
export interface DumpFile {
  /** Real path, all links resolved. */
  readonly path: string;
  readonly format: DumpFormat;
  readonly gzipped: boolean;
  readonly bytes: bigint;
  /** Of the bytes of the file; of a directory that of its files' names and hashes. */
  readonly sha256: string;
}

const GZIP = Buffer.from([0x1f, 0x8b]);
const CUSTOM = Buffer.from('PGDMP');
/** Where a tar archive says that it is one. */
const TAR = { magic: Buffer.from('ustar'), at: 257 } as const;
const HEAD = 512;

/**
 * Finds the dump, tells by its first bytes what it is, and hashes all of it.
 * @throws RehomeError PATH_NOT_ALLOWED, FILE_NOT_FOUND, BACKUP_DAMAGED
 */
export async function findDumpFile(path: string, roots: readonly string[]): Promise<DumpFile> {
  const real = await resolveWithinRoots(path, roots);
  if (real === undefined) throw new RehomeError('BACKUP_UNKNOWN', `there is no file ${path}; correct the path`);
  const found = await lstat(real);
  if (found.isDirectory()) return directoryDump(real);
  if (!found.isFile()) throw unreadable(real, 'is neither a file nor a directory');
  const bytes = BigInt(found.size);
  if (bytes === 0n) throw unreadable(real, 'is empty');
  const first = await firstBytes(real);
  const gzipped = first.subarray(0, GZIP.length).equals(GZIP);
  const head = gzipped ? await firstUnpacked(real) : first;
  const hash = createHash('sha256');
  await pipeline(createReadStream(real), hash);
  return { path: real, format: formatOf(real, head), gzipped, bytes, sha256: hash.digest('hex') };
}

/** Writes what a gzipped file holds. @throws RehomeError BACKUP_DAMAGED when it ends too early */
export async function unpack(file: DumpFile, to: string, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(createReadStream(file.path), createGunzip(), createWriteStream(to, { mode: 0o600 }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw gzipFailure(file.path, error);
  }
}

/** Trouble of zlib is trouble of the file; a full disk is not. */
export function gzipFailure(path: string, error: unknown): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (!code.startsWith('Z_')) return error;
  return unreadable(path, `is no whole gzip file (${code})`);
}

function formatOf(path: string, head: Buffer): DumpFormat {
  if (head.subarray(0, CUSTOM.length).equals(CUSTOM)) return 'custom';
  if (head.subarray(TAR.at, TAR.at + TAR.magic.length).equals(TAR.magic)) return 'tar';
  if (head.includes(0)) throw unreadable(path, 'is neither an archive of pg_dump nor SQL: it holds zero bytes');
  return 'plain';
}

async function directoryDump(path: string): Promise<DumpFile> {
  const names = (await readdir(path)).sort();
  if (!names.includes('toc.dat')) throw unreadable(path, 'holds no toc.dat, so it is no dump in directory format');
  const whole = createHash('sha256');
  let bytes = 0n;
  for (const name of names) {
    const found = await lstat(join(path, name));
    // A link could lead out of the roots, and pg_restore would follow it.
    if (!found.isFile()) throw unreadable(path, `holds ${name}, which is no ordinary file`);
    bytes += BigInt(found.size);
    const hash: Hash = createHash('sha256');
    await pipeline(createReadStream(join(path, name)), hash);
    whole.update(`${name}\0${hash.digest('hex')}\n`);
  }
  return { path, format: 'directory', gzipped: false, bytes, sha256: whole.digest('hex') };
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function firstUnpacked(path: string): Promise<Buffer> {
  const source = createReadStream(path);
  const unpacked = source.pipe(createGunzip());
  source.on('error', (error) => unpacked.destroy(error));
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= HEAD) break;
    }
  } catch (error) {
    throw gzipFailure(path, error);
  } finally {
    source.destroy();
  }
  return Buffer.concat(chunks).subarray(0, HEAD);
}

function unreadable(path: string, why: string): RehomeError {
  return new RehomeError('BACKUP_DAMAGED', `${path} ${why}; give a dump of pg_dump, plain, -Fc, -Fd or -Ft`);
}
