import { afterAll, describe, expect, it } from '@jest/globals';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyIdOf, readCommandKeys, readSigningKey } from '#shared/signing/signing-keys.js';
import { ensureCommandKeys } from './command-keys.js';

describe('the keys of an installation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rehome-keys-'));
  const files = { signingKey: join(folder, 'signing.pem'), commandKeys: join(folder, 'commands.pem') };
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('are made once, the private half for its owner only', () => {
    ensureCommandKeys(files);
    const first = readFileSync(files.signingKey, 'utf8');
    ensureCommandKeys(files);
    expect(readFileSync(files.signingKey, 'utf8')).toBe(first);
    expect(statSync(files.signingKey).mode & 0o777).toBe(0o600);
    expect(readCommandKeys({ file: files.commandKeys })).toHaveLength(1);
  });

  it('rotate: after the private half is removed, executors trust the old one and the new one', () => {
    rmSync(files.signingKey);
    ensureCommandKeys(files);
    const trusted = readCommandKeys({ file: files.commandKeys }).map(keyIdOf);
    expect(trusted).toHaveLength(2);
    expect(trusted[1]).toBe(keyIdOf(createPublicKey(readSigningKey({ file: files.signingKey }))));
  });
});
