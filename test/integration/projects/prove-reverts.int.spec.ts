import { describe, expect, it } from '@jest/globals';
import type { CheckOutcome } from '#shared/contracts/steps/project-steps.js';
import { givenProjectDatabase } from '../../harness/given-project-database.js';
import { projectYaml, type ProjectSources } from '../../harness/project-rig.js';

const { rig, database, live } = givenProjectDatabase();

async function upDownUp(versions: ProjectSources): Promise<CheckOutcome | undefined> {
  const files = Object.entries(versions).map(([name, text]) => [`migrations/main/${name}.sql`, `${text}\n`] as const);
  const project = await rig().push({ 'project.yaml': projectYaml('shop'), ...Object.fromEntries(files) });
  const params = { project, database: rig().migrated(database()) };
  const { checks } = await rig().attempt({ kind: 'prove-reverts', params });
  return checks[0];
}

async function scratches(): Promise<number> {
  const rows = await rig().rows('postgres', 'select from pg_database where datname like $1', [
    `${database().address.database}\\_\\_%`,
  ]);
  return rows.length;
}

describe('up, down and up again', () => {
  it('passes where every down script takes back what its up script makes, and leaves nothing [d9 d32]', async () => {
    const check = await upDownUp({
      '1_orders.up': 'create table orders (id bigint generated always as identity primary key, note text)',
      '1_orders.down': 'drop table orders',
      '2_status.up': "alter table orders add column status text not null default 'open'",
      '2_status.down': 'alter table orders drop column status',
      '3_index.up': '-- transaction: off\ncreate index concurrently orders_by_status on orders (status)',
      '3_index.down': '-- transaction: off\ndrop index concurrently orders_by_status',
    });
    expect(check).toMatchObject({ name: 'up-down-up', outcome: 'passed', count: 0, samples: [] });
    expect(await scratches()).toBe(0);
    const tables = await live(`select from pg_tables where schemaname = 'public'`);
    expect(tables).toEqual([]);
  });

  it('names what a down script leaves behind, and what it takes too much', async () => {
    const check = await upDownUp({
      '1_orders.up':
        'create table orders (id bigint primary key, note text); create index orders_note on orders (note)',
      '1_orders.down': 'drop table orders',
      '2_audit.up':
        'create table audit (id bigint); create function audited() returns int language sql as $$ select 1 $$',
      '2_audit.down': 'drop table audit; drop index orders_note',
    });
    expect(check).toMatchObject({ outcome: 'failed', count: 1 });
    const told = check?.samples.join('\n');
    expect(told).toMatch(/main\/2_audit: after down .*audited.* is left behind/);
    expect(told).toMatch(/main\/2_audit: after down .*orders_note.* is gone/);
  });

  it('tells of a down script that fails, with its place, and goes on with the others', async () => {
    const check = await upDownUp({
      '1_orders.up': 'create table orders (id bigint primary key)',
      '1_orders.down': '\ndrop table order_lines',
      '2_lines.up': 'create table lines (order_id bigint references orders (id))',
      '2_lines.down': 'drop table lines',
    });
    expect(check).toMatchObject({ outcome: 'failed', count: 1 });
    expect(check?.samples).toEqual([
      expect.stringMatching(
        /main\/1_orders: its down script fails: migrations\/main\/1_orders\.down\.sql:2 .*order_lines/,
      ),
    ]);
  });

  it('has nothing to say where no version has a down script', async () => {
    const check = await upDownUp({ '1_orders.up': 'create table orders (id bigint primary key)' });
    expect(check?.outcome).toBe('not-applicable');
    expect(check?.message).toContain('0 of 1');
  });
});
