import { chmod, chown, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Sealer } from '../../secrets/sealing.js';
import { ConfigBackups } from './config-backups.js';
import { SecretFileDriver } from './secret-file.driver.js';

const key = { migrationId: '01939c1e-0000-7000-8000-000000000001', stepId: 'write-secret-file' };

describe('the secret file driver', () => {
  let root: string;
  let outside: string;
  let driver: SecretFileDriver;
  let file: { path: string };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rehome-secret-'));
    outside = await mkdtemp(join(tmpdir(), 'rehome-out-'));
    file = { path: join(root, 'db-password') };
    const backups = new ConfigBackups(join(outside, 'config-backups'), new Sealer(Buffer.alloc(32, 7)));
    driver = new SecretFileDriver({ roots: [root], backups });
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
    await rm(outside, { recursive: true });
  });

  it('creates a missing file that only its owner reads, and removes it when it is undone', async () => {
    expect(await driver.look(file)).toMatchObject({ existed: false });
    const result = await driver.write(file, 'canary-new', key);
    expect(result).toEqual({ path: file.path, existed: false, differs: true });
    expect(await readFile(file.path, 'utf8')).toBe('canary-new');
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect(await driver.restore(file, 'canary-new', key, result)).toBe(true);
    expect(await readdir(root)).toEqual([]);
    expect(await driver.restore(file, 'canary-new', key, result)).toBe(false);
  });

  it('keeps owner and line end of a file, and brings back its content and mode', async () => {
    await writeFile(file.path, 'canary-old\r\n');
    await chmod(file.path, 0o644);
    if (process.getuid?.() === 0) await chown(file.path, 12345, 23456);
    const before = await stat(file.path);
    const result = await driver.write(file, 'canary-new', key);
    expect(await readFile(file.path, 'utf8')).toBe('canary-new\r\n');
    const now = await stat(file.path);
    expect([now.mode & 0o777, now.uid, now.gid]).toEqual([0o600, before.uid, before.gid]);
    await driver.restore(file, 'canary-new', key, result);
    const after = await stat(file.path);
    expect([await readFile(file.path, 'utf8'), after.mode, after.uid]).toEqual([
      'canary-old\r\n',
      before.mode,
      before.uid,
    ]);
    expect(await readdir(join(outside, 'config-backups'))).toEqual([]);
  });

  it('lets the group read it where the service is registered so, whatever stood there', async () => {
    await writeFile(file.path, 'old');
    await chmod(file.path, 0o600);
    await driver.write({ ...file, mode: '0640' }, 'new', key);
    expect((await stat(file.path)).mode & 0o777).toBe(0o640);
  });

  it('changes nothing when it runs again, and answers the same', async () => {
    await writeFile(file.path, 'old');
    const first = await driver.write(file, 'new', key);
    const { ino } = await stat(file.path);
    expect(await driver.write(file, 'new', key)).toEqual(first);
    expect((await stat(file.path)).ino).toBe(ino);
    expect(await driver.probe(file, 'new', key)).toBe('written');
  });

  it('refuses to write over, or to put back over, what somebody else wrote', async () => {
    await writeFile(file.path, 'old');
    await driver.capture(file, key);
    await writeFile(file.path, 'by hand');
    expect(await driver.probe(file, 'new', key)).toBe('changed');
    await expect(driver.write(file, 'new', key)).rejects.toMatchObject({ code: 'CONFIG_FILE_CHANGED' });
    await expect(driver.restore(file, 'new', key)).rejects.toMatchObject({ code: 'CONFIG_FILE_CHANGED' });
    expect(await readFile(file.path, 'utf8')).toBe('by hand');
  });

  it('does not take a lost before-image for a file that was undone', async () => {
    await writeFile(file.path, 'old');
    const result = await driver.write(file, 'new', key);
    await rm(join(outside, 'config-backups'), { recursive: true });
    await expect(driver.restore(file, 'new', key, result)).rejects.toMatchObject({ code: 'BACKUP_UNKNOWN' });
  });

  it('keeps no password in its before-images, and leaves nothing beside the file', async () => {
    await writeFile(file.path, 'canary-old');
    await writeFile(join(root, '.db-password.rehome-01939c1e-write-secret-file'), 'left by a killed attempt');
    await driver.write(file, 'canary-new', key);
    const [kept = ''] = await readdir(join(outside, 'config-backups'));
    expect(await readFile(join(outside, 'config-backups', kept), 'utf8')).not.toContain('canary');
    expect(await readdir(root)).toEqual(['db-password']);
  });

  it('refuses a path outside the roots and a directory that does not exist', async () => {
    await expect(driver.look({ path: join(outside, 'x') })).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' });
    await expect(driver.look({ path: join(root, 'none', 'x') })).rejects.toMatchObject({ code: 'CONFIG_FILE_MISSING' });
  });
});
