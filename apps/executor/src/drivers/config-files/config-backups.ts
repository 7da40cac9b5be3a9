import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Sealer } from '../../secrets/sealing.js';
import { createFileOnce, hasCode, unlinkIfThere } from './atomic-file.js';

/** Whose before-image it is. */
export interface BackupKey {
  readonly migrationId: string;
  readonly stepId: string;
}

/**
 * Before-images of config files: one file per migration and step, created exclusively, mode 0600, and sealed with the
 * vault key, because a config file holds a password and the work root is no place for one.
 */
export class ConfigBackups {
  constructor(
    private readonly directory: string,
    private readonly sealer: Sealer,
  ) {}

  /** Keeps the bytes unless some are kept already. @returns the bytes that are kept. */
  async keep(key: BackupKey, bytes: Buffer): Promise<Buffer> {
    const known = await this.find(key);
    if (known) return known;
    const { keyId, nonce, ciphertext, tag } = this.sealer.seal(labelOf(key), bytes);
    const parts = [keyId, nonce.toString('base64'), tag.toString('base64'), ciphertext.toString('base64')];
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await createFileOnce(this.pathOf(key), Buffer.from(`${parts.join('\n')}\n`));
    return (await this.find(key)) ?? bytes;
  }

  async find(key: BackupKey): Promise<Buffer | undefined> {
    const text = await readFile(this.pathOf(key), 'utf8').catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const [keyId = '', nonce, tag, ciphertext] = text.split('\n');
    if (nonce === undefined || tag === undefined || ciphertext === undefined) {
      throw new RehomeError('BACKUP_DAMAGED', `${this.pathOf(key)} is not a sealed before-image`);
    }
    const decode = (part: string): Buffer => Buffer.from(part, 'base64');
    return this.sealer.open(labelOf(key), {
      keyId,
      nonce: decode(nonce),
      tag: decode(tag),
      ciphertext: decode(ciphertext),
    });
  }

  async forget(key: BackupKey): Promise<void> {
    await unlinkIfThere(this.pathOf(key));
  }

  pathOf({ migrationId, stepId }: BackupKey): string {
    if (!/^[\w-]+$/.test(migrationId) || !/^[\w-]+$/.test(stepId))
      throw new RangeError('a backup key holds letters, digits and dashes only');
    return join(this.directory, `${migrationId}.${stepId}.sealed`);
  }
}

function labelOf({ migrationId, stepId }: BackupKey): string {
  return `config:${migrationId}:${stepId}`;
}
