import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { errorCodeOf } from '../../database/postgres-errors.js';
import type { ProjectProblem } from '../migration-file.js';
import { sortedFiles } from './digest.js';
import { FileCollector, type CollectedFiles } from './file-collector.js';
import { isProjectFile, PROJECT_FILE, PROJECT_LIMITS, type ProjectFiles } from './project-files.js';

/** A tar holds 512 bytes of header and up to 511 of padding a file, and long names in a file of their own. */
const UNPACKED_BYTES = PROJECT_LIMITS.bytes + PROJECT_LIMITS.files * 3 * 1024;

const LINKS = ['link', 'symlink'];

/** The files as tar.gz: the same bytes for the same files. */
export async function packProject(files: ProjectFiles): Promise<Buffer> {
  const archive = pack();
  for (const [name, text] of sortedFiles(files)) archive.entry({ name, mtime: new Date(0) }, text);
  archive.finalize();
  return promisify(gzip)(await buffer(archive));
}

/** What of a tar.gz is of the project. A folder around everything is taken off, as `tar czf x.tgz folder` makes one. */
export async function unpackProject(bytes: Uint8Array): Promise<CollectedFiles> {
  let tar: Buffer;
  try {
    tar = await promisify(gunzip)(bytes, { maxOutputLength: UNPACKED_BYTES });
  } catch (error) {
    return refused([{ path: '.', message: unreadable(error) }]);
  }
  try {
    const entries = await entriesOf(tar);
    return collect(entries);
  } catch (error) {
    return refused([{ path: '.', message: `is no tar archive: ${messageOf(error)}` }]);
  }
}

interface TarEntry {
  readonly path: string;
  readonly isLink: boolean;
  readonly bytes: Buffer;
}

async function entriesOf(tar: Buffer): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  const archive = extract();
  Readable.from([tar]).pipe(archive);
  for await (const entry of archive) {
    const { name, type } = entry.header;
    const bytes = await buffer(entry);
    const isLink = LINKS.includes(type);
    if (isLink || type === 'file' || type === 'contiguous-file')
      entries.push({ path: name.replace(/^(?:\.\/+)+/, ''), isLink, bytes });
  }
  return entries;
}

function collect(entries: readonly TarEntry[]): CollectedFiles {
  const collector = new FileCollector();
  const around = folderAround(entries);
  for (const { path: whole, isLink, bytes } of entries) {
    if (leavesFolder(whole)) {
      collector.refuse(whole, 'leads out of the project; pack paths relative to its folder');
      continue;
    }
    const path = whole.slice(around.length);
    if (!isProjectFile(path)) continue;
    if (isLink) collector.refuse(path, 'is a link; pack the file itself');
    else collector.add(path, bytes);
  }
  return collector.collected();
}

function leavesFolder(path: string): boolean {
  return path.startsWith('/') || path.includes('\\') || /^[A-Za-z]:/.test(path) || path.split('/').includes('..');
}

/** `epsm/` where project.yaml stands one folder deeper than it should, else nothing. */
function folderAround(entries: readonly TarEntry[]): string {
  if (entries.some(({ path }) => path === PROJECT_FILE)) return '';
  const inner = entries.find(({ path }) => /^[^/]+\/project\.yaml$/.test(path));
  return inner === undefined ? '' : inner.path.slice(0, -PROJECT_FILE.length);
}

function refused(problems: readonly ProjectProblem[]): CollectedFiles {
  return { ok: false, problems };
}

function unreadable(error: unknown): string {
  return errorCodeOf(error) === 'ERR_BUFFER_TOO_LARGE'
    ? `unpacks to more than ${UNPACKED_BYTES / 1024 / 1024} MiB; load data by other means`
    : `is no gzip: ${messageOf(error)}; send a tar.gz`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
