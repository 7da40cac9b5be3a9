import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ApplyMigrationsParams } from '#shared/contracts/steps/project-steps.js';
import { findStructureDrift } from '../../../apps/executor/src/projects/migrated-structure.js';
import { givenProjectDatabase } from '../../harness/given-project-database.js';
import { addressOf, inSession } from '../../harness/moved-database.js';
import { projectYaml, type ProjectSources } from '../../harness/project-rig.js';
import { runPostgresUrl } from '../../harness/run-addresses.js';

const { rig, database, applyParams, live } = givenProjectDatabase();

const V1: ProjectSources = {
  'project.yaml': projectYaml('shop'),
  'migrations/main/v001_initial.up.sql':
    'create table orders (id int primary key, total int);\ncreate index by_total on orders (total);\n',
};
const V2: ProjectSources = {
  ...V1,
  'migrations/main/v002_status.up.sql': 'alter table orders add column status text;\n',
  'migrations/main/v002_status.down.sql': 'alter table orders drop column status;\n',
};
const BY_HAND =
  'alter table orders add column by_hand int; drop index by_total; alter table orders alter total type bigint';
const FOUND = [
  'column public.orders.by_hand: was made by no migration',
  'column public.orders.total: type was integer, is bigint',
  'index public.by_total: stood there after the last migration, and is gone',
];

beforeEach(async () => {
  await rig().attempt({ kind: 'apply-migrations', params: await paramsOf(V1) });
});

/** All versions, or what is pending after the first ones. */
async function paramsOf(
  sources: ProjectSources,
  { after = 0, action = 'run' }: { readonly after?: number; readonly action?: 'run' | 'fake' } = {},
): Promise<ApplyMigrationsParams> {
  const params = await applyParams(sources);
  return { ...params, migrations: params.migrations.slice(after).map((one) => ({ ...one, action })) };
}

async function drift(): Promise<string[]> {
  const address = addressOf(runPostgresUrl(), database().address.database);
  const found = await inSession(address, findStructureDrift);
  return found.drift.map(({ what, detail }) => `${what}: ${detail}`).sort();
}

describe('what somebody changed by hand', () => {
  it('is drift after a later apply as well, until it is gone [d29]', async () => {
    await live(BY_HAND);
    await rig().attempt({ kind: 'apply-migrations', params: await paramsOf(V2, { after: 1 }) });
    expect(await drift()).toEqual(FOUND);
    await live('alter table orders drop column by_hand; create index by_total on orders (total)');
    expect(await drift()).toEqual([FOUND[1]]);
    await live('alter table orders alter total type int');
    expect(await drift()).toEqual([]);
  });

  it('is drift after a version was taken back [d9] [d29]', async () => {
    const params = await paramsOf(V2, { after: 1 });
    await rig().attempt({ kind: 'apply-migrations', params });
    await live(BY_HAND);
    const { project, database: target, migrations } = params;
    const [second] = migrations;
    if (second === undefined) throw new RangeError('no second version');
    const { app, version, name } = second;
    const revert = { project, database: target, migration: { app, version, name }, revertedBy: 'key:deploy' };
    await rig().attempt({ kind: 'revert-migration', params: revert });
    expect(await drift()).toEqual(FOUND);
  });

  it('is accepted once a version says the same, run or faked [d29]', async () => {
    await live('alter table orders add column by_hand int unique; create table stray (id int primary key)');
    const stray = { 'migrations/main/v003_stray.up.sql': 'create table if not exists stray (id int primary key);\n' };
    await rig().attempt({ kind: 'apply-migrations', params: await paramsOf({ ...V2, ...stray }, { after: 1 }) });
    expect(await drift()).toEqual([
      expect.stringContaining('column public.orders.by_hand'),
      expect.stringContaining('constraint orders_by_hand_key on public.orders'),
      expect.stringContaining('index public.orders_by_hand_key'),
    ]);
    const written = { 'migrations/main/v004_hand.up.sql': 'alter table orders add column by_hand int unique;\n' };
    const sources = { ...V2, ...stray, ...written };
    await rig().attempt({ kind: 'apply-migrations', params: await paramsOf(sources, { after: 3, action: 'fake' }) });
    expect(await drift()).toEqual([]);
  });
});

describe('what an apply itself did', () => {
  it('is no drift after it died in the middle, and what was found before it still is [d29]', async () => {
    await live(BY_HAND);
    const run = {
      kind: 'apply-migrations',
      params: await paramsOf(V2, { after: 1 }),
      migrationId: randomUUID(),
    } as const;
    await rig().dies('step.apply-migrations.applied', run);
    expect(await drift()).toEqual(FOUND);
    await rig().attempt({ ...run, attempt: 2 });
    expect(await drift()).toEqual(FOUND);
  });

  it('is no drift after one of its versions failed, and what is changed from then on is [d23] [d29]', async () => {
    await live(BY_HAND);
    const failing = { ...V2, 'migrations/main/v003_wrong.up.sql': 'insert into orders (id) values (1), (1);\n' };
    const run = {
      kind: 'apply-migrations',
      params: await paramsOf(failing, { after: 1 }),
      migrationId: randomUUID(),
    } as const;
    await expect(rig().attempt(run)).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
    expect(await drift()).toEqual(FOUND);
    await live('create table stray (id int)');
    await rig().attempt({ kind: 'apply-migrations', params: await paramsOf(V2, { after: 1 }) });
    expect(await drift()).toEqual([...FOUND, 'table public.stray: was made by no migration']);
  });
});
