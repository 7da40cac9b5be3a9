import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redactor } from './redact.js';
import { Sealer } from './sealing.js';
import { SecretResolver } from './secret-resolver.js';
import { Vault, type Queryable } from './vault.js';

/** Keeps rows in memory; the int spec runs the vault on PostgreSQL. */
function memory(): Queryable {
  const rows = new Map<unknown, unknown>();
  return {
    query: (text, [name, key_id, nonce, ciphertext, tag]) => {
      if (text.startsWith('insert')) rows.set(name, { key_id, nonce, ciphertext, tag });
      return Promise.resolve({ rows: rows.has(name) ? [rows.get(name)] : [], rowCount: 1 });
    },
  };
}

describe('the secret resolver', () => {
  let root: string;
  let redactor: Redactor;
  let resolver: SecretResolver;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rehome-secrets-'));
    redactor = new Redactor();
    resolver = new SecretResolver({
      environment: {
        REHOME_SECRET_A: 'canary-env',
        REHOME_SECRET_EMPTY: '',
        REHOME_VAULT_KEY: 'canary-key',
        PATH: '/bin',
      },
      environmentPrefixes: ['REHOME_SECRET_'],
      fileRoots: [root],
      vault: new Vault(memory(), new Sealer(Buffer.alloc(32, 1))),
      redactor,
    });
  });

  afterEach(() => rm(root, { recursive: true }));

  const write = async (name: string, text: string, mode = 0o600): Promise<string> => {
    const path = join(root, name);
    await writeFile(path, text);
    await chmod(path, mode);
    return path;
  };

  it('reads the environment, files and the vault', async () => {
    expect(await resolver.resolve('env:REHOME_SECRET_A')).toBe('canary-env');
    expect(await resolver.resolve(`file:${await write('one', 'canary-file\r\n')}`)).toBe('canary-file');
    expect(await resolver.resolve(await resolver.store('dedicated-7/acme', 'canary-vault'))).toBe('canary-vault');
  });

  it('cuts one line end off a file, and nothing else', async () => {
    expect(await resolver.resolve(`file:${await write('one', ' two \n\n')}`)).toBe(' two \n');
  });

  it('has every secret cleaned from texts before anybody has it [c22]', async () => {
    await resolver.resolve('env:REHOME_SECRET_A');
    await resolver.store('x', 'canary-stored');
    expect(redactor.clean('canary-env canary-stored')).toBe('[redacted] [redacted]');
  });

  it.each([
    'env:REHOME_VAULT_KEY',
    'env:PATH',
    'env:REHOME_SECRET_NONE',
    'env:REHOME_SECRET_EMPTY',
    'vault:none',
    'vault:../x',
    'env:',
  ])('does not give out %s', async (reference) => {
    await expect(resolver.resolve(reference)).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.not.stringContaining('canary'),
    });
  });

  it('does not repeat what is no reference: it may be a password', async () => {
    await expect(resolver.resolve('canary-plain')).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.not.stringContaining('canary'),
    });
  });

  it.each([0o644, 0o604, 0o620])('refuses a file of mode %o', async (mode) => {
    const path = await write('loose', 'canary', mode);
    await expect(resolver.resolve(`file:${path}`)).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining('chmod 0600'),
    });
  });

  it('refuses files outside its roots, also behind links, and says when one is missing', async () => {
    await symlink('/etc/passwd', join(root, 'link'));
    await expect(resolver.resolve('file:/etc/passwd')).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' });
    await expect(resolver.resolve(`file:${join(root, 'link')}`)).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' });
    await expect(resolver.resolve(`file:${join(root, 'none')}`)).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining('there is no file'),
    });
  });
});
