import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VALIDATION_CATEGORIES, type ValidationCategory } from '#shared/contracts/projects.js';
import type { CheckOutcome } from '#shared/contracts/steps/project-steps.js';
import { addressOf, inSession, run } from '../../../../test/harness/moved-database.js';
import { readMigratedStructure } from '../projects/migrated-structure.js';
import { recordSnapshot } from '../projects/tracking/structure-snapshot.js';
import { ensureTracking } from '../projects/tracking/tracking-tables.js';
import { BUILT_IN_CHECKS } from './built-in-checks.js';
import type { ValidationSubject } from './check.js';
import { STRUCTURE_CHECKS } from './check-structure.js';
import { DatabaseInOrder, failed } from './validation-test-kit.js';

let order: DatabaseInOrder;
let application: string;

beforeAll(async () => {
  order = await DatabaseInOrder.create();
  ({ application } = order);
}, 60_000);

afterAll(() => order.drop());

const sql = (text: string) => order.sql(text);
const asOwner = (text: string) => order.asOwner(text);
const validate: DatabaseInOrder['validate'] = (...asked) => order.validate(...asked);

const REFERENCE = {
  database: 'main',
  table: 'orders',
  column: 'station_id',
  referencedTable: 'stations',
  referencedColumn: 'id',
};

describe('validation of a database', () => {
  it('finds nothing wrong where everything is in order [d11]', async () => {
    const outcomes = await validate();
    expect(outcomes.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(outcomes).toHaveLength(BUILT_IN_CHECKS.length + STRUCTURE_CHECKS.length);
    expect(outcomes.find(({ name }) => name === 'structure')).toMatchObject({ outcome: 'not-applicable' });
    expect(outcomes.find(({ name }) => name === 'references-hold')).toMatchObject({ outcome: 'not-applicable' });
    expect(outcomes.find(({ name }) => name === 'retention-rules')).toMatchObject({ outcome: 'not-applicable' });
  });

  it.each(VALIDATION_CATEGORIES)('judges only what is asked for: %s [d11]', async (category) => {
    const outcomes = await validate({}, [category]);
    expect(outcomes.length).toBeGreaterThan(1);
    expect(new Set(outcomes.map((outcome) => outcome.category))).toEqual(new Set([category]));
  });

  // name, what breaks it, what mends it, what is found
  const BREAKS: readonly (readonly [string, string, string, string, Partial<ValidationSubject>?])[] = [
    ['expected-tables', 'select', 'select', 'public.audit_log', { expectedTables: ['users', 'audit_log'] }],
    ['primary-keys', 'create table keyless (id int)', 'drop table keyless', 'public.keyless'],
    [
      'foreign-keys-indexed',
      'create table "Line s" (id int primary key, "Order" bigint references orders)',
      'drop table "Line s"',
      'public."Line s" ("Order")',
    ],
    [
      'references-indexed',
      'create table stations (id int primary key)',
      'drop table stations',
      'public.orders (station_id)',
      { references: [REFERENCE] },
    ],
    [
      'no-duplicate-indexes',
      'create index again on users (email); create index twice on users (email)',
      'drop index again; drop index twice',
      'public.users_email_key = public.again = public.twice',
    ],
    [
      'constraints-validated',
      'alter table orders add constraint paid check (total >= 0) not valid',
      'alter table orders drop constraint paid',
      'paid on public.orders',
    ],
    [
      'required-filled',
      'alter table orders add constraint paid check (total is not null) not valid',
      'alter table orders drop constraint paid',
      'public.orders id 1 (total)',
    ],
    [
      'sequences-ahead',
      "select setval('orders_id_seq', 2)",
      "select setval('public.orders_id_seq', 3)",
      'public.orders_id_seq of public.orders (id)',
    ],
    [
      'application-grants',
      `create table secret_keys (id serial primary key); revoke insert, update on secret_keys from APPLICATION`,
      'drop table secret_keys',
      'insert, update on public.secret_keys',
    ],
    [
      'no-public-privileges',
      'grant select on users to public',
      'revoke select on users from public',
      'select on public.users',
    ],
    [
      'no-public-privileges',
      'grant create on schema public to public',
      'revoke create on schema public from public',
      'create on schema public',
    ],
  ];

  it.each(BREAKS)(
    '%s: finds what breaks it, by name [d12] [d13] [d14]',
    async (name, broken, mended, found, changes = {}) => {
      const outcome = await order.whenBroken(name, broken.replace('APPLICATION', application), mended, changes);
      expect(outcome).toMatchObject({ outcome: 'failed', samples: expect.arrayContaining([found]) });
      expect(outcome?.remedy).toMatch(/\w/);
      expect(outcome?.count).toBeGreaterThan(0);
    },
  );

  it('fails where no schema answers to a pattern, and has nothing to say of the rest [d11] [d12]', async () => {
    const own = { name: 'own', category: 'data', sql: 'select 1', message: 'found' } as const;
    const outcomes = await validate({ schemas: [], wantedSchemas: ['tenant_*'], expectedTables: [], checks: [own] });
    expect(failed(outcomes)).toEqual(['schemas']);
    expect(outcomes.find(({ name }) => name === 'schemas')?.samples).toEqual(['tenant_*']);
    expect(outcomes.find(({ name }) => name === 'own')).toMatchObject({ outcome: 'not-applicable' });
  });

  // category, its check, what somebody does by hand, what is found
  const BY_HAND: readonly (readonly [ValidationCategory, string, string, string])[] = [
    [
      'schema',
      'structure',
      'alter table made add column by_hand int',
      'column public.made.by_hand: was made by no migration',
    ],
    [
      'indexes',
      'indexes-as-made',
      'drop index made_by_n',
      'index public.made_by_n: stood there after the last migration, and is gone',
    ],
    [
      'constraints',
      'constraints-as-made',
      'alter table made drop constraint made_user_id_fkey',
      'constraint made_user_id_fkey on public.made: stood there after the last migration, and is gone',
    ],
  ];

  it.each(BY_HAND)(
    'finds by its category %s what was changed by hand since the last migration [d12] [d13] [d14]',
    async (category, name, byHand, found) => {
      await asOwner(`
        create table made (id int primary key, n int, user_id int references users);
        create index made_by_n on made (n);
        create index on made (user_id);
      `);
      await inSession(addressOf(order.database.url), async (session) => {
        await ensureTracking(session);
        const author = { project: 'shop', run: { migrationId: randomUUID(), stepId: 'apply-migrations' } };
        await recordSnapshot(session, await readMigratedStructure(session), author);
      });
      const judge = async (): Promise<CheckOutcome | undefined> =>
        (await validate({}, [category])).find((outcome) => outcome.name === name);
      const before = await judge();
      await asOwner(byHand);
      const after = await judge();
      await sql('drop table made; drop schema rehome cascade');
      expect(before).toMatchObject({ outcome: 'passed' });
      expect(after).toMatchObject({ outcome: 'failed', samples: [found] });
    },
  );

  it('finds an index that a concurrent build left invalid [d13]', async () => {
    await asOwner('create table twins (id int primary key, n int); insert into twins values (1, 1), (2, 1)');
    const build = run(addressOf(order.database.url), 'create unique index concurrently broken on public.twins (n)');
    await expect(build).rejects.toThrow();
    const outcome = (await validate()).find(({ name }) => name === 'indexes-valid');
    await sql('drop table twins');
    expect(outcome).toMatchObject({ outcome: 'failed', count: 1, samples: ['public.broken'] });
  });

  it('finds a foreign key whose triggers are off, and the rows that slipped in meanwhile [d14] [d15] [d24]', async () => {
    await sql('alter table orders disable trigger all; insert into orders (id, user_id) values (0, 4711)');
    const outcomes = await validate();
    await sql('delete from orders where id = 0; alter table orders enable trigger all');
    expect(failed(outcomes)).toEqual(['referential-integrity', 'foreign-keys-enforced', 'no-orphans'].sort());
    expect(outcomes.find(({ name }) => name === 'no-orphans')).toMatchObject({
      count: 1,
      samples: ['public.orders id 0'],
    });
  });

  it('finds orphans of a configured reference although the other side holds nulls [d15] [d24]', async () => {
    await asOwner(`
      create table stations (code int unique);
      insert into stations values (null), (1);
      update orders set station_id = 1 where id = 1;
      update orders set station_id = 2 where id = 2;
    `);
    const outcomes = await validate({ references: [{ ...REFERENCE, referencedColumn: 'code' }] }, ['data']);
    await sql('drop table stations; update orders set station_id = null');
    expect(outcomes.find(({ name }) => name === 'references-hold')).toMatchObject({
      outcome: 'failed',
      count: 1,
      samples: ['public.orders id 2'],
    });
  });

  it('names rows by their place where the key is a text, and at most ten of them [d15]', async () => {
    await asOwner(`
      create table contacts (address text primary key, user_id int);
      insert into contacts select 'person' || n || '@example.com', n + 1000 from generate_series(1, 12) as n;
      alter table contacts add foreign key (user_id) references users (id) not valid;
    `);
    const outcome = (await validate()).find(({ name }) => name === 'no-orphans');
    await sql('drop table contacts');
    expect(outcome?.count).toBe(12);
    expect(outcome?.samples).toHaveLength(10);
    expect(outcome?.samples[0]).toMatch(/^public\.contacts row \(0,\d+\)$/);
    expect(JSON.stringify(outcome)).not.toContain('example.com');
  });

  it('tells of a reference whose target is missing or not unique [d15]', async () => {
    const outcome = (await validate({ references: [REFERENCE] })).find(({ name }) => name === 'references-unique');
    expect(outcome).toMatchObject({
      outcome: 'failed',
      samples: ['public.orders.station_id -> public.stations.id'],
    });
  });

  it('lets PUBLIC and the application do no more than they need [d16]', async () => {
    await sql(`
      grant connect on database ${order.database.name} to public;
      create schema rehome;
      create table rehome.schema_migrations (version text primary key);
      grant insert on rehome.schema_migrations to ${application};
      alter role ${application} createrole;
    `);
    const outcomes = await validate({}, ['security']);
    await sql(`
      revoke connect on database ${order.database.name} from public;
      drop schema rehome cascade;
      alter role ${application} nocreaterole;
    `);
    expect(failed(outcomes)).toEqual(['application-restrained', 'no-public-connect']);
    expect(outcomes.find(({ name }) => name === 'application-restrained')?.samples).toEqual([
      'creates roles',
      'insert on rehome.schema_migrations',
    ]);
  });

  it('asks for audit tables, rate limit rules and retention rules where the project has such tables [d16]', async () => {
    const made = ['audit_log', 'rate_limit_rules', 'retention_policies'];
    const rules = async (): Promise<Record<string, readonly string[]>> =>
      Object.fromEntries(
        (await validate({ madeTables: made }, ['security']))
          .filter(({ name, outcome }) => RULES.includes(name) && outcome === 'failed')
          .map(({ name, samples }) => [name, samples]),
      );
    const missing = await rules();
    await asOwner(`
      create table audit_log (id int primary key);
      create table rate_limit_rules (id int primary key);
      create table rate_limit_events (id int primary key);
      insert into rate_limit_events values (1);
      create table retention_policies (id int primary key, is_active bool not null);
      insert into retention_policies values (1, false);
    `);
    const empty = await rules();
    await asOwner(`
      alter table audit_log add column created_at timestamptz not null;
      insert into rate_limit_rules values (1);
      update retention_policies set is_active = true;
    `);
    const filled = await rules();
    await sql('drop table audit_log, rate_limit_rules, rate_limit_events, retention_policies');
    expect(missing).toEqual({
      'audit-table': ['public.audit_log is missing'],
      'rate-limit-rules': ['public.rate_limit_rules is missing'],
      'retention-rules': ['public.retention_policies is missing'],
    });
    expect(empty).toEqual({
      'audit-table': ['public.audit_log has no column with a time'],
      'rate-limit-rules': ['no rule in public.rate_limit_rules'],
      'retention-rules': ['no rule in public.retention_policies'],
    });
    expect(filled).toEqual({});
  });
});

const RULES: readonly string[] = ['audit-table', 'rate-limit-rules', 'retention-rules'];
