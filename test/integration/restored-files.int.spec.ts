import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { databaseArgument } from '../../apps/executor/src/postgres/run-tool.js';
import { BackupWorld } from '../harness/backup-world.js';
import { addressOf } from '../harness/moved-database.js';
import { runPostgresUrl } from '../harness/run-addresses.js';
import type { EndedMigration } from '../harness/services-world.js';

const OWNER = 'heir of files';
let directory = '';
let world: BackupWorld | undefined;

function given(): BackupWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

function at(name: string): string {
  return join(directory, 'dumps', name);
}

function target(name: string) {
  return { server: 'main', database: `${given().source.database} ${name}`, owner: OWNER };
}

/** As anybody would call it; nothing of Rehome. */
function dump(name: string, ...flags: string[]): string {
  const { host, port, user, password } = addressOf(runPostgresUrl());
  const connection = ['-h', host, '-p', String(port), '-U', user, databaseArgument(target('dumped').database)];
  execFileSync('pg_dump', [...connection, ...flags, '-f', at(name)], { env: { ...process.env, PGPASSWORD: password } });
  return at(name);
}

function gzipped(path: string): string {
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  return `${path}.gz`;
}

function restored(file: string, name: string): Promise<EndedMigration> {
  return given().run({ kind: 'restore', file, target: target(name) });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rehome-files-'));
  mkdirSync(join(directory, 'dumps'));
  world = await BackupWorld.start({ REHOME_BACKUP_ROOTS: join(directory, 'dumps') });
  const { database } = target('dumped');
  await world.rows('postgres', `create database ${quoteIdentifier(database)}`);
  const statements = [
    'create schema "Sales dept"; create extension if not exists pg_trgm with schema "Sales dept"',
    'create table "Sales dept".orders (id serial primary key, what text not null, paid bytea)',
    `insert into "Sales dept".orders (what) select E'order\\t' || n || E' \\\\. ü' from generate_series(1, 500) as n`,
    `create function public.total() returns bigint language sql as $$ select count(*) from "Sales dept".orders $$`,
  ];
  for (const statement of statements) await world.rows(database, statement);
}, 120_000);

afterAll(async () => {
  await world?.stop();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

const PLAIN = ['-Fp', '--no-owner', '--no-privileges'];

describe('a restore of a file that Rehome did not make', () => {
  it.each([
    ['a plain script', () => dump('plain.sql', ...PLAIN)],
    ['a gzipped plain script', () => gzipped(dump('packed.sql', ...PLAIN))],
    ['a custom archive', () => dump('custom.dump', '-Fc')],
    ['a gzipped custom archive', () => gzipped(dump('packed.dump', '-Fc'))],
    ['a directory', () => dump('directory', '-Fd')],
    ['a tar archive', () => dump('archive.tar', '-Ft')],
    ['a gzipped tar archive', () => gzipped(dump('packed.tar', '-Ft'))],
  ])(
    'takes %s, gives all of it to the owner and says that it is not proved',
    async (what, make) => {
      const { database } = target(what);
      const done = await restored(make(), what);
      expect(done).toMatchObject({ status: 'completed', trouble: '' });
      expect(done.warnings.join('\n')).toContain('cannot be proved');
      const content = `select count(*)::int as n, min(what) as first, public.total()::int as total from "Sales dept".orders`;
      expect(await given().rows(database, content)).toEqual([{ n: 500, first: 'order\t1 \\. ü', total: 500 }]);
      const owned = `select distinct pg_get_userbyid(relowner) as owner from pg_class where relname in ('orders', 'orders_id_seq')
                     union select pg_get_userbyid(datdba) from pg_database where datname = current_database()`;
      expect(await given().rows(database, owned)).toEqual([{ owner: OWNER }]);
      const known = `select (select reltuples::int from pg_class where relname = 'orders') as estimated,
                            datconnlimit as "limit"
                       from pg_database where datname = current_database()`;
      expect(await given().rows(database, known)).toEqual([{ estimated: 500, limit: -1 }]);
    },
    90_000,
  );

  it.each([
    ['of a database that stands there', () => dump('again.dump', '-Fc'), 'dumped', /it is never overwritten/],
    ['that is missing', () => at('nothing.dump'), 'x', /BACKUP_UNKNOWN: there is no file/],
    ['outside the roots', () => '/etc/hostname', 'x', /PATH_NOT_ALLOWED/],
    ['behind a link that leads out', () => linked(), 'x', /PATH_NOT_ALLOWED: .*it leads to/],
    ['of a directory with a link', () => directoryWithLink(), 'x', /no ordinary file/],
    ['that is an archive cut off', () => cut(dump('cut.dump', '-Fc')), 'x', /BACKUP_DAMAGED: pg_restore ended with/],
    ['that is a gzip file cut off', () => cut(gzipped(dump('cut2.dump', '-Fc'))), 'x', /no whole gzip file/],
    ['that is a script cut off', () => cut(dump('cut.sql', ...PLAIN)), 'x', /it was cut off/],
    ['that runs commands', () => script('run.sql', '\\! touch /tmp/never\n'), 'x', /holds the psql command/],
    ['that connects elsewhere', () => dump('create.sql', ...PLAIN, '--create'), 'x', /works on databases/],
    ['of a whole server', () => script('all.sql', '--\n-- PostgreSQL database cluster dump\n--\n'), 'x', /pg_dumpall/],
    ['that is no dump', () => script('photo.jpg', 'a\0b'), 'x', /neither an archive of pg_dump nor SQL/],
    ['that gives objects to others', () => script('o.sql', 'ALTER TABLE public.t OWNER TO acme;\n'), 'x', /owner acme/],
  ])(
    '%s is refused before anything is created',
    async (_what, make, name, why) => {
      const file = make();
      const before = await given().databases();
      const refused = await restored(file, name);
      expect(refused.status).toBe('refused');
      expect(refused.trouble).toMatch(why);
      expect(await given().databases()).toEqual(before);
    },
    60_000,
  );

  it('that fails in its middle leaves nothing behind', async () => {
    const before = await given().databases();
    const file = script('half.sql', 'create table one (id int);\nselect 1 \\! touch /tmp/never\n;\n');
    const failed = await restored(file, 'half');
    expect(failed).toMatchObject({ status: 'rolled-back' });
    expect(failed.trouble).toMatch(/TOOL_FAILED psql ended with 3: .*backslash commands are restricted/);
    expect(await given().databases()).toEqual(before);
  }, 60_000);

  it.each([
    ['custom', () => dump('schemas.dump', '-Fc')],
    ['tar', () => dump('schemas.tar', '-Ft')],
  ])(
    'of format %s brings the named schemas and no others [b17]',
    async (format, make) => {
      const to = target(`schemas of ${format}`);
      const schemas = ['Sales dept'];
      expect(await given().run({ kind: 'restore', file: make(), schemas, target: to })).toMatchObject({
        status: 'completed',
        trouble: '',
      });
      const found = `select count(*)::int as n, to_regproc('public.total')::text as total,
                          (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'Sales dept') as owner
                     from "Sales dept".orders`;
      expect(await given().rows(to.database, found)).toEqual([{ n: 500, total: null, owner: OWNER }]);
    },
    60_000,
  );

  it.each([
    ['a script', () => dump('schemas.sql', ...PLAIN), ['Sales dept'], /is a script, which is restored whole/],
    ['an archive without them', () => dump('no.dump', '-Fc'), ['Sales dept', 'Sales'], /holds nothing of Sales;/],
  ])(
    'of schemas of %s is refused before anything is created',
    async (_what, make, schemas, why) => {
      const refused = await given().run({ kind: 'restore', file: make(), schemas, target: target('of schemas') });
      expect(refused.status).toBe('refused');
      expect(refused.trouble).toMatch(why);
    },
    60_000,
  );

  it('goes to the administrator of the server when no owner is named, with a warning', async () => {
    const { server, database } = target('unowned');
    const file = dump('unowned.dump', '-Fc');
    const done = await given().run({ kind: 'restore', backupId: { file }, target: { server, database } });
    expect(done).toMatchObject({ status: 'completed', trouble: '' });
    const { user } = addressOf(runPostgresUrl());
    expect(done.warnings.join('\n')).toContain(`no target.owner was named: all of it goes to ${user}`);
    const owned = `select pg_get_userbyid(relowner) as owner from pg_class where relname = 'orders'`;
    expect(await given().rows(database, owned)).toEqual([{ owner: user }]);
  }, 60_000);

  it('asks for exactly one thing to restore', async () => {
    const body = { kind: 'restore', file: at('plain.sql'), latest: {}, target: target('asked') };
    const answer = await given().planner.call('POST', '/v1/migrations', { body });
    expect(answer).toMatchObject({ status: 400, json: { code: 'REQUEST_INVALID' } });
  });
});

function script(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

function cut(path: string): string {
  truncateSync(path, Math.floor(readFileSync(path).length * 0.9));
  return path;
}

function linked(): string {
  writeFileSync(join(directory, 'outside.dump'), 'PGDMP');
  symlinkSync(join(directory, 'outside.dump'), at('link.dump'));
  return at('link.dump');
}

function directoryWithLink(): string {
  const path = dump('linked', '-Fd');
  symlinkSync(join(directory, 'outside.dump'), join(path, '9999.dat'));
  return path;
}
