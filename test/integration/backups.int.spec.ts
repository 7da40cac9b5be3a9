import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackupWorld } from '../harness/backup-world.js';

let world: BackupWorld | undefined;

function given(): BackupWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

beforeAll(async () => {
  world = await BackupWorld.start();
}, 120_000);

afterAll(() => world?.stop(), 60_000);

describe('a backup', () => {
  it('of one database stands in a folder that tells tier, server, database and time, proved by a restore [a23 d21]', async () => {
    const before = await given().databases();
    const made = await given().backUp({ tier: 'daily', label: 'nightly' });
    expect(made).toMatchObject({ ...given().source, status: 'verified', tier: 'daily', label: 'nightly' });
    expect(made.path).toMatch(/\/backups\/daily\/main\/K.*\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-f]{8}$/);
    expect(readdirSync(made.path).sort()).toEqual(['dump', 'manifest.json', 'record.json']);
    expect(made.proof).toMatchObject({ method: 'scratch-restore' });
    expect(await given().databases()).toEqual(before);
  }, 90_000);

  it('without a proof stays recorded, until a proof is asked for', async () => {
    const { backupId, status } = await given().backUp({ verify: false });
    expect(status).toBe('recorded');
    const proved = await given().run({}, `/v1/backups/${backupId}/verify`);
    expect(proved).toMatchObject({ status: 'completed', result: { backupId, status: 'verified', mismatches: 0 } });
    expect((await given().backup(backupId)).status).toBe('verified');
  }, 90_000);

  it('shows one moment, whatever is written while it is made', async () => {
    const { database } = given().source;
    await given().rows(database, 'create table public.busy (id bigserial primary key)');
    let writing = true;
    const writer = (async () => {
      while (writing) await given().rows(database, 'insert into public.busy select from generate_series(1, 50)');
    })();
    const made = await given().backUp();
    writing = false;
    await writer;
    await given().rows(database, 'drop table public.busy');
    expect(made.status).toBe('verified');
  }, 90_000);

  it('of some schemas holds these and no others [b17]', async () => {
    const { database } = given().source;
    await given().rows(
      database,
      'create schema "Sales dept"; create table "Sales dept".orders (id serial primary key)',
    );
    const made = await given().backUp({ schemas: ['Sales dept'] });
    expect(made).toMatchObject({ status: 'verified', schemas: ['Sales dept'] });
    expect((await given().run({ kind: 'backup', database: given().source, schemas: ['sales'] })).trouble).toContain(
      'no schema sales',
    );
    const link = 'alter table "Sales dept".orders add of_public int references public.of_sales';
    await given().rows(database, `create table public.of_sales (id int primary key); ${link}`);
    const refused = await given().run({ kind: 'backup', database: given().source, schemas: ['Sales dept'] });
    expect(refused).toMatchObject({ status: 'refused' });
    expect(refused.trouble).toContain('Sales dept needs public');
    await given().rows(database, 'drop schema "Sales dept" cascade; drop table public.of_sales');
  }, 90_000);

  it('gets another tier when it is promoted [d21]', async () => {
    const { backupId } = await given().backUp({ tier: 'daily', verify: false });
    const promoted = await given().run({ tier: 'weekly' }, `/v1/backups/${backupId}/promote`);
    expect(promoted).toMatchObject({ status: 'completed', result: { backupId, tier: 'weekly' } });
    expect((await given().backup(backupId)).tier).toBe('weekly');
  }, 60_000);
});

describe('a clean-up of backups', () => {
  it('removes what no tier keeps, and never the last verified one of a database [d21]', async () => {
    const database = given().source.database;
    const keep = { manual: 0, daily: 0, weekly: 0, monthly: 0 };
    const { path } = await given().backUp({ tier: 'monthly', verify: false });
    expect(await given().run({ database, keep }, '/v1/backups/cleanup')).toMatchObject({ status: 'completed' });
    const left = await given().planner.call('GET', '/v1/backups');
    expect(left.text).toContain('"status":"verified"');
    expect(JSON.parse(left.text)).toMatchObject({ items: [{ status: 'verified' }], next: null });
    expect(existsSync(path)).toBe(false);
  }, 90_000);

  it('takes an operator, by whichever call it is asked for', async () => {
    const role = 'approver';
    const body = { kind: 'clean-up-backups' };
    const answers = [
      await given().planner.call('POST', '/v1/migrations', { role, body }),
      await given().planner.call('POST', '/v1/backups/cleanup', { role, body: {} }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
  });
});

describe('a backup is not trusted', () => {
  const files = (path: string): string[] =>
    readdirSync(join(path, 'dump')).filter((name) => name.endsWith('.dat.gz') || name.endsWith('.dat'));

  async function refusal(spoil: (path: string) => void): Promise<{ trouble: string; status: string; left: string[] }> {
    const before = await given().databases();
    const { backupId, path } = await given().backUp({ verify: false });
    spoil(path);
    const { status, trouble } = await given().run({}, `/v1/backups/${backupId}/verify`);
    expect(status).toBe('rolled-back');
    expect(await given().databases()).toEqual(before);
    const { status: told, damage } = await given().backup(backupId);
    return { trouble, status: told, left: [damage ?? ''] };
  }

  it('with a flipped byte, and nothing is created', async () => {
    const { trouble, status } = await refusal((path) => {
      const file = join(path, 'dump', files(path)[0] ?? '');
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    });
    expect(trouble).toMatch(/BACKUP_DAMAGED .*\.dat.* holds other bytes than its manifest says/);
    expect(status).toBe('damaged');
  }, 60_000);

  it('with a missing file, which is named', async () => {
    const { trouble } = await refusal((path) => {
      renameSync(join(path, 'dump', 'toc.dat'), join(path, '..', 'toc.dat'));
    });
    expect(trouble).toMatch(/BACKUP_DAMAGED .*toc\.dat is missing/);
  }, 60_000);

  it('with a file more than its manifest knows', async () => {
    const { trouble } = await refusal((path) => {
      appendFileSync(join(path, 'dump', 'more.dat'), 'x');
    });
    expect(trouble).toMatch(/BACKUP_DAMAGED .*more\.dat stands in no manifest/);
  }, 60_000);

  it('with the manifest of another backup', async () => {
    const other = await given().backUp({ verify: false });
    const { trouble } = await refusal((path) => {
      writeFileSync(join(path, 'manifest.json'), readFileSync(join(other.path, 'manifest.json')));
    });
    expect(trouble).toMatch(new RegExp(`BACKUP_DAMAGED .*that of another \\(backup ${other.backupId}`));
  }, 60_000);

  it('without its manifest', async () => {
    const { trouble } = await refusal((path) => {
      renameSync(join(path, 'manifest.json'), join(path, '..', `manifest-${path.slice(-8)}.json`));
      expect(existsSync(join(path, 'manifest.json'))).toBe(false);
    });
    expect(trouble).toMatch(/BACKUP_DAMAGED .*has no manifest/);
  }, 60_000);
});
