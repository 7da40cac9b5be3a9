import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quoteIdentifier } from '#shared/database/identifier.js';
import type { BackupEntry } from '../../apps/planner/src/backups/backup-list.js';
import { BackupWorld } from '../harness/backup-world.js';

let world: BackupWorld | undefined;
let backup: BackupEntry;

function given(): BackupWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

/** A database of that name is ours to make and to drop. */
function target(name: string) {
  return { server: 'main', database: `${given().source.database} ${name}` };
}

beforeAll(async () => {
  world = await BackupWorld.start();
  const { database } = world.source;
  await world.rows(
    database,
    'create schema "Sales dept"; comment on schema "Sales dept" is \'what was sold\'; create table "Sales dept".orders (id serial primary key, what text)',
  );
  await world.rows(
    database,
    `insert into "Sales dept".orders (what) select 'order ' || n from generate_series(1, 40) as n`,
  );
  backup = await world.backUp({ tier: 'daily', verify: false });
  await world.rows(database, `delete from "Sales dept".orders where id > 10; create table public.later (id int)`);
}, 120_000);

afterAll(() => world?.stop(), 60_000);

describe('a restore', () => {
  it('gives back the moment of the backup under a new name, and proves it [d22]', async () => {
    const to = target('again');
    const { backupId } = backup;
    const restored = await given().run({ kind: 'restore', backupId, target: to });
    expect(restored).toMatchObject({ status: 'completed', result: { backupId, database: to.database, mismatches: 0 } });
    expect(await given().rows(to.database, 'select count(*)::int as n from "Sales dept".orders')).toEqual([{ n: 40 }]);
    expect(await given().rows(to.database, `select to_regclass('public.later')::text as later`)).toEqual([
      { later: null },
    ]);
    expect(await given().backup(backupId)).toMatchObject({ status: 'verified', proof: { method: 'restore' } });
    const owner = `select pg_get_userbyid(datdba) as owner, datconnlimit as "limit" from pg_database where datname = current_database()`;
    expect(await given().rows(to.database, owner)).toEqual(await given().rows(given().source.database, owner));
  }, 90_000);

  it('takes the latest of a tier, whose id its plan and result name [d10 d22]', async () => {
    const weekly = await given().backUp({ tier: 'weekly', verify: false });
    await given().backUp({ tier: 'manual', verify: false });
    const restored = await given().run({ kind: 'restore', latest: { tier: 'weekly' }, target: target('weekly') });
    expect(restored).toMatchObject({ status: 'completed', result: { backupId: weekly.backupId } });
  }, 90_000);

  it('of some schemas brings these and no others, to another owner [b17]', async () => {
    const to = target('schemas');
    const { backupId } = backup;
    const body = { kind: 'restore', backupId, schemas: ['Sales dept'], target: { ...to, owner: 'heir of sales' } };
    expect(await given().run(body)).toMatchObject({ status: 'completed', trouble: '' });
    const schemas = `select nspname as name, pg_get_userbyid(nspowner) as owner from pg_namespace
                      where nspname !~ '^pg_' and nspname <> 'information_schema' and oid > 16384`;
    expect(await given().rows(to.database, schemas)).toContainEqual(expect.objectContaining({ name: 'Sales dept' }));
    const tables = `select count(*)::int as n from pg_class c join pg_namespace n on n.oid = c.relnamespace
                     where c.relkind = 'r' and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' and n.nspname <> 'Sales dept'
                       and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`;
    expect(await given().rows(to.database, tables)).toEqual([{ n: 0 }]);
    const comment = `select obj_description('"Sales dept"'::regnamespace, 'pg_namespace') as told`;
    expect(await given().rows(to.database, comment)).toEqual([{ told: 'what was sold' }]);
  }, 90_000);

  it('never overwrites a database that stands there [d22]', async () => {
    const to = target('standing');
    await given().rows('postgres', `create database ${quoteIdentifier(to.database)}`);
    await given().rows(to.database, 'create table kept (id int)');
    const refused = await given().run({ kind: 'restore', backupId: backup.backupId, target: to });
    expect(refused).toMatchObject({ status: 'refused' });
    expect(refused.trouble).toContain('it is never overwritten: rename or drop it, or choose another name');
    expect(await given().rows(to.database, `select to_regclass('kept')::text as kept`)).toEqual([{ kept: 'kept' }]);
  }, 60_000);

  it('of a damaged backup is refused before anything is created', async () => {
    const before = await given().databases();
    const { backupId, path } = await given().backUp({ verify: false });
    writeFileSync(join(path, 'record.json'), `${readFileSync(join(path, 'record.json'), 'utf8')} `);
    const refused = await given().run({ kind: 'restore', backupId, target: target('damaged') });
    expect(refused).toMatchObject({ status: 'refused' });
    expect(refused.trouble).toMatch(/BACKUP_DAMAGED: .*record\.json holds \d+ bytes and not/);
    expect(await given().databases()).toEqual(before);
  }, 60_000);

  it('of the latest of a tier takes the newest of all databases, says whose it is, and warns that others fit [d22]', async () => {
    const other = target('other').database;
    await given().rows('postgres', `create database ${quoteIdentifier(other)}`);
    const made = await given().run({ kind: 'backup', database: target('other'), tier: 'monthly', verify: false });
    expect(made).toMatchObject({ status: 'completed' });
    const { backupId } = await given().backUp({ tier: 'monthly', verify: false });
    const body = { kind: 'restore', backupId: { latest: { tier: 'monthly' } }, target: target('newest') };
    const planned = await given().planner.call('POST', '/v1/plans', { body });
    expect(planned.text).toContain(
      `the latest backup (monthly) of main/${given().source.database} as ${target('newest').database} on main`,
    );
    const restored = await given().run(body);
    expect(restored).toMatchObject({ status: 'completed', result: { backupId } });
    expect(restored.warnings.join('\n')).toContain(
      `main/${given().source.database} is restored; backups of main/${other} fit too: name server and database`,
    );
  }, 90_000);

  it('of nothing is refused', async () => {
    const neither = { kind: 'restore', target: target('asked') };
    expect(await given().planner.call('POST', '/v1/migrations', { body: neither })).toMatchObject({ status: 400 });
  }, 60_000);
});
