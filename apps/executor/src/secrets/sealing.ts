import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { RehomeError } from '#shared/errors/rehome-error.js';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Ciphertext with what is needed to open it again, given the key. */
export interface Sealed {
  readonly keyId: string;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/**
 * Seals bytes with AES-256-GCM under one key. The name goes in as additional authenticated data: what was sealed
 * under one name does not open under another, so rows and files cannot be swapped.
 */
export class Sealer {
  /** First 16 hex of a hash of the key: tells keys apart without telling the key. */
  readonly keyId: string;

  constructor(private readonly key: Buffer) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a vault key has ${String(KEY_BYTES)} bytes`);
    this.keyId = createHash('sha256').update('rehome vault key id\0').update(key).digest('hex').slice(0, 16);
  }

  seal(name: string, plain: Buffer): Sealed {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key, nonce).setAAD(Buffer.from(name, 'utf8'));
    const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
    return { keyId: this.keyId, nonce, ciphertext, tag: cipher.getAuthTag() };
  }

  /** @throws RehomeError SECRET_MISSING when another key sealed it, or it was altered or belongs to another name. */
  open(name: string, sealed: Sealed): Buffer {
    if (sealed.keyId !== this.keyId) {
      throw new RehomeError(
        'SECRET_MISSING',
        `${name} is sealed with the vault key ${sealed.keyId}, this executor holds ${this.keyId}; start it with the key of its site`,
      );
    }
    try {
      const decipher = createDecipheriv(ALGORITHM, this.key, sealed.nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(name, 'utf8')).setAuthTag(sealed.tag);
      return Buffer.concat([decipher.update(sealed.ciphertext), decipher.final()]);
    } catch {
      throw new RehomeError(
        'SECRET_MISSING',
        `${name} does not open: it was altered, or was sealed under another name; store it again`,
      );
    }
  }
}

/** Where the key comes from; exactly one of the two. */
export interface VaultKeySource {
  /** 32 bytes as 64 hex digits or base64. */
  readonly key?: string | undefined;
  readonly file?: string | undefined;
}

/** @throws RehomeError CONFIGURATION_INVALID that says how to make a key. */
export function readVaultKey({ key, file }: VaultKeySource): Buffer {
  if ((key === undefined) === (file === undefined)) {
    throw keyInvalid('give the vault key once: as text or as a file');
  }
  return parseVaultKey(file === undefined ? (key ?? '') : readKeyFile(file));
}

/** @throws RehomeError CONFIGURATION_INVALID unless the text is 32 bytes in hex or base64. */
export function parseVaultKey(text: string): Buffer {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex');
  const decoded = /^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed) ? Buffer.from(trimmed, 'base64') : Buffer.alloc(0);
  if (decoded.length !== KEY_BYTES) throw keyInvalid('the vault key is not 32 bytes in hex or base64');
  return decoded;
}

function readKeyFile(file: string): string {
  try {
    if ((statSync(file).mode & 0o077) !== 0)
      throw keyInvalid(`others may read the vault key file ${file}; chmod 0600 it`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof RehomeError) throw error;
    throw keyInvalid(`the vault key file ${file} cannot be read`);
  }
}

function keyInvalid(what: string): RehomeError {
  return new RehomeError('CONFIGURATION_INVALID', `${what}; make a key with: openssl rand -hex 32`);
}
