import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MigrationView } from '#shared/contracts/answers.js';
import type { ApplyResultAnswer, ProjectHistoryEntry } from '#shared/contracts/project-answers.js';
import type { ProjectStatus } from '#shared/contracts/projects.js';
import { InProcessWorld, type CommandEnd } from '../harness/in-process-world.js';

/** Projects of migrations as the entrypoint of an application applies them: no service, real databases. */
let world: InProcessWorld;

beforeAll(async () => {
  world = await InProcessWorld.start();
  await world.database('shop_db', 'shop_owner');
  await world.database('shop_results', 'results_owner');
  project('shop', { ...SHOP });
}, 120_000);

afterAll(() => world?.stop(), 60_000);

const SHOP: Readonly<Record<string, string>> = {
  'project.yaml': `name: shop
databases:
  default: { server: pool-2, database: shop_db, roles: { owner: shop_owner } }
  results: { server: pool-2, database: shop_results, roles: { owner: results_owner } }
router:
  default: default
  rules: [ { match: "result_*", to: results } ]
`,
  'migrations/shop/0001_orders.up.sql': 'create table orders (id bigint primary key);\n',
  'migrations/shop/0001_orders.down.sql': 'drop table orders;\n',
  'migrations/shop/0002_result_pages.up.sql': '-- requires: 0001\ncreate table result_pages (id bigint primary key);\n',
  'migrations/shop/0003_customers.up.sql': 'create table customers (id bigint primary key);\n',
  'migrations/shop/0003_customers.down.sql': 'drop table customers;\n',
};

/** Writes files into the folder of a project, beside those that are there. */
function project(name: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(world.directory, name, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

function json<T>({ code, out, err }: CommandEnd): T {
  if (out === '') throw new Error(`ended with ${String(code)}: ${err}`);
  return JSON.parse(out) as T;
}

const resultOf = (end: CommandEnd) => json<MigrationView>(end).result as unknown as ApplyResultAnswer;

async function tablesOf(database: string): Promise<string[]> {
  const rows = await world.onServer<{ name: string }>(
    database,
    `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** Every change that the bookkeeping of a database ever saw. */
async function logged(database: string): Promise<string[]> {
  const rows = await world.onServer<{ entry: string }>(
    database,
    `select status || ' ' || version as entry from rehome.migration_log order by 1`,
  );
  return rows.map(({ entry }) => entry);
}

describe('rehome apply --in-process', () => {
  it('shows the exact SQL of every migration before anything is changed [d7]', async () => {
    const { code, out } = await world.rehome(['apply', '--project', './shop', '--dry-run', '-v']);
    expect(out).toMatch(/^~ {2}apply {2,}to default \(shop_db on pool-2\): run shop\/0001_orders/m);
    expect(out).toMatch(/Next: {2}rehome apply … --in-process {3}with the same arguments/);
    expect(out).toContain('create table result_pages (id bigint primary key)');
    expect(code).toBe(0);
    expect(await tablesOf('shop_db')).toEqual([]);
  }, 120_000);

  it('applies once when several replicas start, of which the first dies in the middle [d8 e3 e8]', async () => {
    const typed = ['apply', '--project', './shop', '--if-needed', '--json'];
    const killed = await world.rehome(typed, { REHOME_FAULT_POINTS: 'step.apply-migrations.before-commit:0003=kill' });
    expect(killed.code).not.toBe(0);
    expect(await tablesOf('shop_db')).not.toContain('customers');
    const ends = await Promise.all([world.rehome(typed), world.rehome(typed)]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(await tablesOf('shop_db')).toEqual(['customers', 'orders']);
    expect(await tablesOf('shop_results')).toEqual(['result_pages']);
    // Each is run once where it lives, and recorded on the other.
    expect(await logged('shop_db')).toEqual(['applied 0001', 'applied 0003', 'elsewhere 0002']);
    expect(await logged('shop_results')).toEqual(['applied 0002', 'elsewhere 0001', 'elsewhere 0003']);
  }, 180_000);

  it('has backed up before, and keeps what a failure leaves standing [d4 d28]', async () => {
    project('shop', {
      'migrations/shop/0004_stock.up.sql': 'create table stock (id bigint primary key);\n',
      'migrations/shop/0005_broken.up.sql': 'create table broken (id nothing_of_the_kind);\n',
    });
    const end = await world.rehome([
      'apply',
      '--project',
      './shop',
      '--only',
      'default',
      '--reason',
      'a test',
      '--json',
    ]);
    expect(end.code).toBe(8);
    const { migrations, failed, backupId } = resultOf(end).databases[0] ?? { migrations: [] };
    expect(migrations.map(({ version }) => version)).toContain('0004');
    expect(failed).toMatchObject({ version: '0005' });
    expect(await tablesOf('shop_db')).toEqual(['customers', 'orders', 'stock']);
    const backup = await world.rehome(['backup', 'show', backupId ?? '', '--json']);
    expect(json(backup)).toMatchObject({ label: 'before-apply', database: 'shop_db', status: 'recorded' });
  }, 120_000);

  it('tells people which migration failed where, what stands and what to do', async () => {
    const { code, out } = await world.rehome([
      'apply',
      '--project',
      './shop',
      '--only',
      'default',
      '--reason',
      'a test',
    ]);
    expect(code).toBe(8);
    expect(out).toMatch(/✗ apply of shop.*rolled-back/);
    expect(out).toMatch(/Why .*0005_broken\.up\.sql:1/);
    expect(out).toContain('shop/0005_broken on default left nothing behind');
  }, 120_000);

  it('goes on where it stopped once the project is corrected, with backups only where something runs', async () => {
    project('shop', { 'migrations/shop/0005_broken.up.sql': 'create table mended (id bigint primary key);\n' });
    const { databases } = resultOf(await world.rehome(['apply', '--project', './shop', '--json']));
    const versions = databases.map(({ alias, migrations, backupId }) => [
      alias,
      migrations.map(({ version }) => version),
      backupId !== undefined,
    ]);
    expect(versions).toEqual([
      ['default', ['0005'], true],
      ['results', ['0004', '0005'], false],
    ]);
  }, 120_000);

  it('knows afterwards what is applied, by whom, and that nothing is pending [d7 d8 e11]', async () => {
    const status = json<ProjectStatus>(await world.rehome(['status', '--project', 'shop', '--json']));
    expect(status).toMatchObject({ migrationNeeded: false });
    expect(status.databases.map(({ alias, pendingCount }) => [alias, pendingCount])).toEqual([
      ['default', 0],
      ['results', 0],
    ]);
    const { items } = json<{ items: ProjectHistoryEntry[] }>(
      await world.rehome(['history', '--project', 'shop', '--limit', '50', '--json']),
    );
    expect(items.filter(({ status: found }) => found === 'failed').map(({ version }) => version)).toEqual([
      '0005',
      '0005',
    ]);
    expect(items.at(-1)).toMatchObject({ appliedBy: expect.stringContaining('in-process') });
  }, 120_000);

  it('refuses what forgets a database, and says which [e17]', async () => {
    const { code, out } = await world.rehome(['apply', '--project', 'shop', '--database', 'default']);
    expect([code, out]).toEqual([
      5,
      expect.stringMatching(/\[COVERAGE_INCOMPLETE\]\n[\s\S]*results, which is neither asked for nor left out/),
    ]);
  }, 120_000);
});

describe('rehome revert --in-process', () => {
  it('in an emergency brings back the database of before the version, and keeps the other aside [d10]', async () => {
    const typed = ['revert', '--project', 'shop', '--database', 'default', '--version', '0005', '--emergency-latest'];
    const end = await world.rehome([...typed, '--json']);
    expect(json<MigrationView>(end)).toMatchObject({
      status: 'completed',
      result: { migration: 'shop/0005_broken', status: 'rolled_back', by: 'restore', keptAs: expect.any(String) },
    });
    expect(await tablesOf('shop_db')).toEqual(['customers', 'orders', 'stock']);
    const { keptAs } = json<MigrationView>(end).result as { keptAs?: string };
    expect(await tablesOf(keptAs ?? '')).toContain('mended');
  }, 180_000);

  it('takes a version back by its down script, after a safety backup [d4 d7 d9]', async () => {
    const typed = ['revert', '--project', 'shop', '--database', 'default', '--version', '0003_customers'];
    const end = await world.rehome([...typed, '--json']);
    expect(json<MigrationView>(end)).toMatchObject({
      status: 'completed',
      result: { by: 'down-script', status: 'rolled_back', backupId: expect.any(String) },
    });
    expect(await tablesOf('shop_db')).toEqual(['orders', 'stock']);
    const { items } = json<{ items: ProjectHistoryEntry[] }>(
      await world.rehome(['history', '--project', 'shop', '--limit', '2', '--json']),
    );
    expect(items.map(({ version, status }) => [version, status])).toEqual([
      ['0003', 'rolled_back'],
      ['0005', 'rolled_back'],
    ]);
  }, 180_000);
});
