import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createKeyPair, readCommandKeys, readSigningKey, keyIdOf } from '#shared/signing/signing-keys.js';
import { createPublicKey } from 'node:crypto';
import { withCommandKeys } from './own-command-keys.js';

let directory: string;
let workRoot: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rehome-keys-'));
  workRoot = join(directory, 'work');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Id of the key that signs, and of those that are trusted. */
function idsIn(environment: NodeJS.ProcessEnv): { readonly signs: string; readonly trusted: readonly string[] } {
  const file = environment['REHOME_SIGNING_KEY_FILE'];
  const signing = readSigningKey(file === undefined ? { text: environment['REHOME_SIGNING_KEY'] } : { file });
  const trusted = readCommandKeys({ text: environment['REHOME_COMMAND_KEYS'] });
  return { signs: keyIdOf(createPublicKey(signing)), trusted: trusted.map(keyIdOf) };
}

describe('keys of commands in process', () => {
  it('are made once, in the work root, for its owner only', () => {
    const first = idsIn(withCommandKeys({}, workRoot));
    expect(idsIn(withCommandKeys({}, workRoot))).toEqual(first);
    expect(first.trusted).toEqual([first.signs]);
    expect(readdirSync(workRoot)).toEqual(['.rehome-signing-key']);
    expect(statSync(join(workRoot, '.rehome-signing-key')).mode & 0o777).toBe(0o600);
    expect(statSync(workRoot).mode & 0o777).toBe(0o700);
  });

  it('are those of the settings when there are some', () => {
    const { privateKey, publicKey } = createKeyPair();
    const { signs, trusted } = idsIn(withCommandKeys({ REHOME_SIGNING_KEY: privateKey }, workRoot));
    expect([signs, trusted]).toEqual([keyIdOf(createPublicKey(publicKey)), [signs]]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('of other planners are trusted, too', () => {
    const other = createKeyPair().publicKey;
    const { signs, trusted } = idsIn(withCommandKeys({ REHOME_COMMAND_KEYS: other }, workRoot));
    expect(trusted).toEqual([keyIdOf(createPublicKey(other)), signs]);
  });

  it('need an absolute work root', () => {
    expect(() => withCommandKeys({}, 'work')).toThrow('give an absolute path');
  });
});
