import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { SecretFileDefinition } from '#shared/contracts/registry.js';
import type { WriteSecretFileResult } from '#shared/contracts/steps/service-steps.js';
import { resolveWithinRoots } from '../paths.js';
import { hasCode, replaceFile, syncDirectory, unlinkIfThere, type Ownership } from './atomic-file.js';
import type { BackupKey } from './config-backups.js';
import type { ConfigFilePolicy } from './config-file.driver.js';
import { changed, readContents, temporaryBeside, unreadable } from './file-contents.js';

/** What stands at the path; `content` is missing when there is no file. */
interface Found {
  readonly path: string;
  readonly content?: Buffer;
  readonly ownership: Ownership;
}

/** Nobody but the owner, unless the service is registered as one that reads it by its group. */
const MODES = { '0600': 0o600, '0640': 0o640 } as const;

/**
 * Writes the password into a file of its own, as Docker and Kubernetes hand secrets to applications. Before-images are
 * sealed; neither they nor hashes of the content, which could be guessed from, leave the executor.
 */
export class SecretFileDriver {
  constructor(private readonly policy: ConfigFilePolicy) {}

  /**
   * Finds out whether it can be written. The file may be missing, its directory may not.
   * @throws RehomeError PATH_NOT_ALLOWED, CONFIG_FILE_MISSING, CONFIG_FILE_UNREADABLE
   */
  async look(file: SecretFileDefinition): Promise<{ path: string; existed: boolean }> {
    const { path, content } = await this.find(file);
    return { path, existed: content !== undefined };
  }

  /** Keeps what stands there before anything is changed; a second call keeps the first. */
  async capture(file: SecretFileDefinition, key: BackupKey): Promise<void> {
    await this.policy.backups.keep(key, seal(await this.find(file)));
  }

  async probe(file: SecretFileDefinition, secret: string, key: BackupKey): Promise<'original' | 'written' | 'changed'> {
    const now = await this.find(file);
    const original = await this.originalOf(now, key);
    if (now.content?.equals(contentFor(secret, original)) === true) return 'written';
    return sameContent(now, original) ? 'original' : 'changed';
  }

  /**
   * Writes the secret with the line end that the file had. The same call again changes nothing and answers the same.
   * @throws RehomeError CONFIG_FILE_CHANGED when the file is neither as captured nor as this leaves it.
   */
  async write(file: SecretFileDefinition, secret: string, key: BackupKey): Promise<WriteSecretFileResult> {
    const now = await this.find(file);
    await this.policy.backups.keep(key, seal(now));
    const original = await this.originalOf(now, key);
    const content = contentFor(secret, original);
    const differs = original.content?.equals(content) !== true;
    const result = { path: now.path, existed: original.content !== undefined, differs };
    if (now.content?.equals(content) === true) return result;
    if (!sameContent(now, original))
      throw changed(file.path, 'since it was captured; find out who writes it and retry');
    const mode = MODES[file.mode ?? '0600'];
    await this.replace(now, content, { ownership: { ...original.ownership, mode }, key });
    return result;
  }

  /**
   * Puts back what was captured, its mode too; a file that was not there is removed.
   * @throws RehomeError CONFIG_FILE_CHANGED when somebody else changed it since, BACKUP_UNKNOWN when the capture is gone.
   */
  async restore(
    file: SecretFileDefinition,
    secret: string,
    key: BackupKey,
    result?: WriteSecretFileResult,
  ): Promise<boolean> {
    const now = await this.find(file);
    const gone = result?.differs === true && (await this.policy.backups.find(key)) === undefined;
    if (gone && now.content?.equals(contentFor(secret, now)) === true) throw backupGone(file.path);
    const original = await this.originalOf(now, key);
    const left = sameContent(now, original);
    if (!left && now.content?.equals(contentFor(secret, original)) !== true) {
      throw changed(file.path, 'after we wrote it; set by hand what it should hold');
    }
    if (original.content === undefined && !left) {
      await unlinkIfThere(now.path);
      await syncDirectory(dirname(now.path));
    } else if (original.content !== undefined && (!left || now.ownership.mode !== original.ownership.mode)) {
      await this.replace(now, original.content, { ownership: original.ownership, key });
    }
    await this.policy.backups.forget(key);
    return !left;
  }

  private async originalOf(now: Found, key: BackupKey): Promise<Found> {
    const kept = await this.policy.backups.find(key);
    return kept === undefined ? now : open(kept, now.path);
  }

  private async find(file: SecretFileDefinition): Promise<Found> {
    const real = await resolveWithinRoots(file.path, this.policy.roots);
    const path = real ?? (await placeOf(file.path));
    if (real === undefined) {
      return { path, ownership: { mode: MODES['0600'], uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 } };
    }
    try {
      const { bytes, stats } = await readContents(path);
      return { path, content: bytes, ownership: { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid } };
    } catch (error) {
      throw unreadable(file.path, error);
    }
  }

  private async replace(
    before: Found,
    content: Buffer,
    { ownership, key }: { readonly ownership: Ownership; readonly key: BackupKey },
  ): Promise<void> {
    const { path } = before;
    const beforeRename = async (): Promise<void> => {
      if (!sameContent(await this.find({ path }), before)) throw changed(path, 'at this moment');
    };
    try {
      await replaceFile(path, content, ownership, { temporary: temporaryBeside(path, key), beforeRename });
    } catch (error) {
      throw unreadable(path, error);
    }
  }
}

function backupGone(path: string): RehomeError {
  return new RehomeError('BACKUP_UNKNOWN', `what ${path} held is gone; write the old password there by hand`, {
    facts: { path },
  });
}

/** Where a file that is not there will be: in a directory that must be, inside the roots as was checked. */
async function placeOf(path: string): Promise<string> {
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw unreadable(path, error);
    throw new RehomeError(
      'CONFIG_FILE_MISSING',
      `the directory of the secret file ${path} does not exist; create it with the owner that the application needs`,
      { facts: { path } },
    );
  }
}

function contentFor(secret: string, { content }: Found): Buffer {
  const lineEnd = /\r?\n$/.exec(content?.toString('latin1') ?? '')?.[0] ?? '';
  return Buffer.from(secret + lineEnd);
}

function sameContent(one: Found, other: Found): boolean {
  if (one.content === undefined || other.content === undefined) return one.content === other.content;
  return one.content.equals(other.content);
}

interface Kept {
  readonly ownership: Ownership;
  /** Base64; null when there was no file. */
  readonly content: string | null;
}

function seal({ ownership, content }: Found): Buffer {
  const kept: Kept = { ownership, content: content?.toString('base64') ?? null };
  return Buffer.from(JSON.stringify(kept));
}

/** Written by `seal` only, and its integrity is proved by the seal. */
function open(bytes: Buffer, path: string): Found {
  const { ownership, content } = JSON.parse(bytes.toString('utf8')) as Kept;
  return { path, ownership, ...(content === null ? {} : { content: Buffer.from(content, 'base64') }) };
}
