import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findDjango, manage } from '../harness/django.js';
import { addressOf } from '../harness/moved-database.js';
import { ProjectWorld } from '../harness/project-world.js';
import { runPostgresUrl } from '../harness/run-addresses.js';

const CASE_MS = 120_000;
const ALIASES = ['default', 'materials', 'results'] as const;
const python = findDjango();

/** The variables that the project names, for the superuser: Django itself makes the tables. */
function environmentOf(world: ProjectWorld): Record<string, string> {
  const { host, port, user, password } = addressOf(runPostgresUrl());
  const of = (prefix: string, alias: string): [string, string][] => [
    [`${prefix}NAME`, world.database(alias)],
    [`${prefix}HOST`, host],
    [`${prefix}PORT`, String(port)],
    [`${prefix}USER`, user],
    [`${prefix}PASSWORD`, password],
  ];
  const all = [...of('DB_', 'default'), ...of('MATERIALS_DB_', 'materials'), ...of('RESULTS_DB_', 'results')];
  return Object.fromEntries(all);
}

/** Columns of the application's tables, as both tools must make them. */
async function columns(world: ProjectWorld, alias: string): Promise<unknown[]> {
  return world.rows(
    alias,
    `select table_name, column_name, data_type, character_maximum_length as length, is_nullable, is_identity
       from information_schema.columns
      where table_schema = 'public' and table_name <> 'django_migrations'
      order by table_name, column_name`,
  );
}

// Debian's or PyPI's Django, where there is a Python at all.
(python === undefined ? describe.skip : describe)(
  'EPSM, migrated by Django and by Rehome (python3 with Django)',
  () => {
    let theirs: ProjectWorld;
    let ours: ProjectWorld;

    beforeAll(async () => {
      [theirs, ours] = await Promise.all([ProjectWorld.start('epsm'), ProjectWorld.start('epsm')]);
      const env = environmentOf(theirs);
      const migrate = (...args: string[]): string => manage(python ?? '', ['migrate', '--noinput', ...args], env);
      migrate('--fake-initial');
      migrate('database', '--database=materials', '--fake-initial');
      migrate('simulation', '0003', '--database=results', '--fake');
      migrate('simulation', '--database=results');
      await ours.push();
      const databases = [
        { alias: 'default', fakeInitial: true },
        { alias: 'materials', apps: ['database'], fakeInitial: true },
        { alias: 'results', apps: ['simulation'], fakeTo: '0003' },
      ];
      const done = await ours.run({ kind: 'apply', project: 'epsm', databases });
      if (done.status !== 'completed') throw new Error(`${done.status}: ${done.trouble}`);
    }, CASE_MS);
    afterAll(async () => {
      await Promise.all([theirs?.stop(), ours?.stop()]);
    }, CASE_MS);

    it.each(ALIASES)('has the same tables and columns on %s [e1 e2]', async (alias) => {
      expect(await columns(ours, alias)).toEqual(await columns(theirs, alias));
    });

    // Django fakes on `results` what simulation requires of accounts, too; for us it is applied where it lives.
    it.each([
      ['default', ['accounts', 'database', 'simulation']],
      ['materials', ['database']],
      ['results', ['simulation']],
    ])('keeps the same books on %s [e5 e6 e11]', async (alias, apps) => {
      const asked = apps.map((app) => `'${app}'`).join(', ');
      const kept = await theirs.rows<{ id: string }>(
        alias,
        `select app || '/' || name as id from django_migrations where app in (${asked}) order by 1`,
      );
      const tracked = await ours.rows<{ id: string }>(
        alias,
        `select app || '/' || version || '_' || name as id from rehome.schema_migrations
        where status in ('applied', 'faked', 'elsewhere') order by 1`,
      );
      expect(tracked).toEqual(kept);
    });
  },
);
