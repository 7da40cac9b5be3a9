import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConfigFileDefinition } from '#shared/contracts/registry.js';
import { Sealer } from '../../secrets/sealing.js';
import { ConfigBackups } from './config-backups.js';
import { ConfigFileDriver } from './config-file.driver.js';

const key = { migrationId: '01939c1e-0000-7000-8000-000000000001', stepId: 'edit-config' };
const connection = { host: 'dedicated-7', port: 50123, user: 'acme', password: 'canary-new', database: 'odoo_acme' };
const keys = { host: 'db_host', port: 'db_port', user: 'db_user', password: 'db_password' };
const ORIGINAL = '[options]\ndb_host = pool-2\ndb_port = 5432\ndb_user = odoo\ndb_password = canary-old\nlimit = 1\n';

describe('the config file driver', () => {
  let root: string;
  let outside: string;
  let file: ConfigFileDefinition;
  let backups: ConfigBackups;
  let driver: ConfigFileDriver;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rehome-conf-'));
    outside = await mkdtemp(join(tmpdir(), 'rehome-out-'));
    file = { path: join(root, 'odoo.conf'), format: 'ini', section: 'options', keys };
    await writeFile(file.path, ORIGINAL, { mode: 0o640 });
    backups = new ConfigBackups(join(outside, 'config-backups'), new Sealer(Buffer.alloc(32, 7)));
    driver = new ConfigFileDriver({ roots: [root], backups });
  });

  afterEach(async () => {
    await rm(root, { recursive: true });
    await rm(outside, { recursive: true });
  });

  it('reads the connection, but never the password', async () => {
    const reading = await driver.read(file);
    expect(reading.values).toEqual({ host: 'pool-2', port: '5432', user: 'odoo' });
    expect(JSON.stringify(reading)).not.toContain('canary');
  });

  it('writes host, port, user and password and keeps everything else [c12]', async () => {
    const result = await driver.edit(file, connection, key);
    expect(await readFile(file.path, 'utf8')).toBe(
      '[options]\ndb_host = dedicated-7\ndb_port = 50123\ndb_user = acme\ndb_password = canary-new\nlimit = 1\n',
    );
    expect(result).toMatchObject({
      changedKeys: ['db_host', 'db_port', 'db_user', 'db_password'],
      hostBefore: 'pool-2:5432',
      hostAfter: 'dedicated-7:50123',
    });
    expect(JSON.stringify(result)).not.toContain('canary');
  });

  it('keeps mode and owner', async () => {
    if (process.getuid?.() === 0) await chown(file.path, 12345, 23456);
    const before = await stat(file.path);
    await driver.edit(file, connection, key);
    const after = await stat(file.path);
    expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid]);
    expect(after.ino).not.toBe(before.ino);
  });

  it('changes nothing when it runs again, and answers the same', async () => {
    const first = await driver.edit(file, connection, key);
    const { ino } = await stat(file.path);
    expect(await driver.edit(file, connection, key)).toEqual(first);
    expect((await stat(file.path)).ino).toBe(ino);
    expect(await driver.probe(file, connection, key)).toBe('edited');
  });

  it('keeps the first before-image when an attempt comes after the edit', async () => {
    const captured = await driver.captureConfigFile(file, key);
    await driver.edit(file, connection, key);
    expect(await driver.captureConfigFile(file, key)).toEqual(captured);
    expect((await backups.find(key))?.toString()).toBe(ORIGINAL);
  });

  it('puts the captured bytes back, and does nothing the second time', async () => {
    const result = await driver.edit(file, connection, key);
    await driver.restore(file, key, result);
    expect(await readFile(file.path, 'utf8')).toBe(ORIGINAL);
    expect(await readdir(join(outside, 'config-backups'))).toEqual([]);
    await driver.restore(file, key, result);
    expect(await driver.probe(file, connection, key)).toBe('original');
  });

  it('refuses to put bytes back over somebody else’s change', async () => {
    const result = await driver.edit(file, connection, key);
    await writeFile(file.path, `${ORIGINAL}# by hand\n`);
    await expect(driver.restore(file, key, result)).rejects.toMatchObject({ code: 'CONFIG_FILE_CHANGED' });
    expect(await readFile(file.path, 'utf8')).toContain('# by hand');
  });

  it('refuses to edit a file that changed since it was captured', async () => {
    await driver.captureConfigFile(file, key);
    await writeFile(file.path, `${ORIGINAL}# by hand\n`);
    await expect(driver.edit(file, connection, key)).rejects.toMatchObject({ code: 'CONFIG_FILE_CHANGED' });
    expect(await driver.probe(file, connection, key)).toBe('changed');
  });

  it('refuses a missing file [c25]', async () => {
    await rm(file.path);
    await expect(driver.read(file)).rejects.toMatchObject({ code: 'CONFIG_FILE_MISSING' });
    await expect(driver.edit(file, connection, key)).rejects.toMatchObject({ code: 'CONFIG_FILE_MISSING' });
    expect(await readdir(root)).toEqual([]);
  });

  it('refuses a path outside the roots, by name, by dots and by symbolic link', async () => {
    await writeFile(join(outside, 'odoo.conf'), ORIGINAL);
    await symlink(join(outside, 'odoo.conf'), join(root, 'link.conf'));
    await symlink(outside, join(root, 'linked'));
    const paths = ['link.conf', 'linked/odoo.conf', 'linked/none.conf'].map((name) => join(root, name));
    for (const path of [...paths, join(outside, 'odoo.conf'), `${root}/../etc/passwd`, 'odoo.conf']) {
      await expect(driver.read({ ...file, path })).rejects.toMatchObject({ code: 'PATH_NOT_ALLOWED' });
    }
  });

  it('edits the file behind a link within the roots and keeps the link', async () => {
    await symlink('odoo.conf', join(root, 'link.conf'));
    const result = await driver.edit({ ...file, path: join(root, 'link.conf') }, connection, key);
    expect(result.path).toBe(file.path);
    expect(await readFile(join(root, 'link.conf'), 'utf8')).toContain('dedicated-7');
  });

  it('refuses a file without a named key, but lets the port be missing', async () => {
    await writeFile(file.path, '[options]\ndb_host = a\ndb_user = b\n');
    await expect(driver.read(file)).rejects.toMatchObject({
      code: 'CONFIG_KEY_MISSING',
      facts: { key: 'db_password' },
    });
    await writeFile(file.path, '[options]\ndb_host = a\ndb_user = b\ndb_password = c\n');
    expect((await driver.read(file)).values).toEqual({ host: 'a', user: 'b' });
  });

  it('writes a missing port below the host when it is not 5432', async () => {
    const text = '[options]\ndb_host = a\ndb_user = b\ndb_password = c\n';
    await writeFile(file.path, text);
    await driver.edit(file, { ...connection, port: 5432 }, key);
    expect(await readFile(file.path, 'utf8')).not.toContain('db_port');
    await writeFile(file.path, text);
    await driver.edit(file, connection, { ...key, stepId: 'second' });
    expect(await readFile(file.path, 'utf8')).toContain('db_host = dedicated-7\ndb_port = 50123\n');
  });

  it('removes what a killed attempt left beside the file', async () => {
    const left = join(root, '.odoo.conf.rehome-01939c1e-edit-config');
    await writeFile(left, 'half written');
    await driver.edit(file, connection, key);
    expect(await readdir(root)).toEqual(['odoo.conf']);
  });

  it('keeps no password in the backup, its file or its name', async () => {
    await driver.captureConfigFile(file, key);
    const names = await readdir(join(outside, 'config-backups'));
    expect(names).toEqual([`${key.migrationId}.edit-config.sealed`]);
    const path = join(outside, 'config-backups', names[0] ?? '');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(Buffer.from(await readFile(path, 'utf8'), 'base64').includes('canary')).toBe(false);
    expect(await readFile(path, 'utf8')).not.toContain('canary');
  });

  it('refuses what is not a regular file', async () => {
    await mkdir(join(root, 'directory'));
    await expect(driver.read({ ...file, path: join(root, 'directory') })).rejects.toMatchObject({
      code: 'CONFIG_FILE_UNREADABLE',
    });
    await writeFile(join(root, 'large'), Buffer.alloc(1024 * 1024 + 1, 'a'));
    await expect(driver.read({ ...file, path: join(root, 'large') })).rejects.toMatchObject({
      code: 'CONFIG_FILE_UNREADABLE',
    });
  });

  it('follows a connection string: where it leads is read, its parts are replaced, its password never told [b5]', async () => {
    const url = { ...file, format: 'env' as const, keys: { url: 'DATABASE_URL' } };
    await writeFile(file.path, "A=1\nDATABASE_URL='postgres://odoo:canary-old@pool-2/odoo_acme?sslmode=require' # c\n");
    const reading = await driver.read(url);
    expect(reading.values).toEqual({ host: 'pool-2', user: 'odoo', database: 'odoo_acme' });
    const result = await driver.edit(url, connection, key);
    expect(await readFile(file.path, 'utf8')).toBe(
      "A=1\nDATABASE_URL='postgres://acme:canary-new@dedicated-7:50123/odoo_acme?sslmode=require' # c\n",
    );
    expect(result).toMatchObject({
      changedKeys: ['DATABASE_URL'],
      hostBefore: 'pool-2',
      hostAfter: 'dedicated-7:50123',
    });
    expect(JSON.stringify([reading, result])).not.toContain('canary');
    await driver.restore(url, key, result);
    expect(await readFile(file.path, 'utf8')).toContain('canary-old@pool-2/');
  });

  it('puts the port into the connection string when its own key is missing', async () => {
    const both = { ...file, format: 'env' as const, keys: { url: 'URL', port: 'PORT', user: 'USER' } };
    await writeFile(file.path, 'URL=jdbc:postgresql://pool-2/odoo_acme\nUSER=odoo\n');
    await driver.edit(both, connection, key);
    expect(await readFile(file.path, 'utf8')).toBe('URL=jdbc:postgresql://dedicated-7:50123/odoo_acme\nUSER=acme\n');
  });

  it('refuses a connection string that it cannot edit, before anything is written', async () => {
    const url = { ...file, format: 'env' as const, keys: { url: 'DATABASE_URL' } };
    await writeFile(file.path, 'DATABASE_URL=postgres://odoo:canary@a,b/odoo_acme\n');
    await expect(driver.read(url)).rejects.toMatchObject({ code: 'CONNECTION_STRING_UNUSABLE' });
    await expect(driver.edit(url, connection, key)).rejects.toThrow('names several servers');
  });

  it('tells no password in an error', async () => {
    await writeFile(file.path, ORIGINAL.replace('canary-old', '"canary-old"'));
    const refused = driver.edit(file, { ...connection, password: 'canary"new' }, key);
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_VALUE_UNWRITABLE' });
    await refused.catch((error: unknown) => {
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('canary');
    });
  });

  it('leaves the file alone when its directory cannot be written', async () => {
    if (process.getuid?.() === 0) return;
    await chmod(root, 0o500);
    await expect(driver.edit(file, connection, key)).rejects.toMatchObject({ code: 'CONFIG_FILE_UNREADABLE' });
    await chmod(root, 0o700);
    expect(await readFile(file.path, 'utf8')).toBe(ORIGINAL);
  });
});
