import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseVaultKey, readVaultKey, Sealer } from './sealing.js';

const key = Buffer.from('00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', 'hex');
const missing = expect.objectContaining({ code: 'SECRET_MISSING' });
const invalid = expect.objectContaining({ code: 'CONFIGURATION_INVALID' });

describe('sealing', () => {
  it('opens what it sealed, and seals it differently each time', () => {
    const sealer = new Sealer(key);
    const [one, two] = [sealer.seal('a', Buffer.from('canary')), sealer.seal('a', Buffer.from('canary'))];
    expect(sealer.open('a', one).toString()).toBe('canary');
    expect(one.nonce.equals(two.nonce)).toBe(false);
    expect(one.ciphertext.includes('canary')).toBe(false);
  });

  it('does not open under another name', () => {
    const sealer = new Sealer(key);
    const sealed = sealer.seal('a', Buffer.from('canary'));
    expect(() => sealer.open('b', sealed)).toThrow(missing);
  });

  it('does not open what was altered', () => {
    const sealer = new Sealer(key);
    const sealed = sealer.seal('a', Buffer.from('canary'));
    sealed.ciphertext[0] = (sealed.ciphertext[0] ?? 0) ^ 1;
    expect(() => sealer.open('a', sealed)).toThrow(missing);
    expect(() => sealer.open('a', { ...sealer.seal('a', Buffer.from('x')), tag: Buffer.alloc(4) })).toThrow(missing);
  });

  it('says so when another key sealed it', () => {
    const sealed = new Sealer(randomBytes(32)).seal('a', Buffer.from('canary'));
    expect(() => new Sealer(key).open('a', sealed)).toThrow(
      /sealed with the vault key [0-9a-f]{16}, this executor holds/,
    );
  });

  it('reads a key of 32 bytes in hex or base64 and no other', () => {
    for (const text of [
      key.toString('hex'),
      key.toString('base64'),
      `${key.toString('hex').toUpperCase()}\n`,
      key.toString('base64url'),
    ]) {
      expect(parseVaultKey(text).equals(key)).toBe(true);
    }
    for (const text of [
      '',
      'short',
      'zz'.repeat(32),
      key.toString('hex').slice(2),
      randomBytes(33).toString('base64'),
    ]) {
      expect(() => parseVaultKey(text)).toThrow(invalid);
    }
  });

  it('reads a key from a file that nobody else can read', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'rehome-key-'));
    const file = join(directory, 'key');
    await writeFile(file, `${key.toString('hex')}\n`, { mode: 0o600 });
    expect(readVaultKey({ file }).equals(key)).toBe(true);
    await writeFile(join(directory, 'open'), key.toString('hex'), { mode: 0o644 });
    expect(() => readVaultKey({ file: join(directory, 'open') })).toThrow(invalid);
    expect(() => readVaultKey({ file: join(directory, 'none') })).toThrow(invalid);
    expect(() => readVaultKey({})).toThrow(invalid);
    await rm(directory, { recursive: true });
  });
});
