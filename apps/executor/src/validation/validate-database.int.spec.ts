import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VALIDATION_CATEGORIES, type ValidationCategory } from '#shared/contracts/projects.js';
import type { CheckOutcome } from '#shared/contracts/steps/project-steps.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/database.js';
import { addressOf, inSession, run } from '../../../../test/harness/moved-database.js';
import { readMigratedStructure } from '../projects/migrated-structure.js';
import { recordSnapshot } from '../projects/tracking/structure-snapshot.js';
import { ensureTracking } from '../projects/tracking/tracking-tables.js';
import { BUILT_IN_CHECKS } from './built-in-checks.js';
import type { ValidationSubject } from './check.js';
import { validateDatabase } from './validate-database.js';

const mark = randomBytes(4).toString('hex');
const owner = `Own"er ${mark}`;
const application = `app_${mark}`;
const quoted = `"${owner.replaceAll('"', '""')}"`;

const SUBJECT: ValidationSubject = {
  schemas: ['public'],
  wantedSchemas: ['public'],
  owner,
  application,
  expectedTables: ['users', 'orders'],
  madeTables: [],
  references: [],
  checks: [],
};

/** Two tables in order: keys, indexes, constraints, sequences and rights as they should be. */
const IN_ORDER = `
  create table users (id int generated always as identity primary key, email text not null unique);
  create table orders (
    id bigserial primary key,
    user_id int not null references users (id),
    station_id int,
    total numeric
  );
  create index on orders (user_id);
  insert into users (email) select 'person' || n || '@example.com' from generate_series(1, 3) as n;
  insert into orders (user_id, station_id) select n, null from generate_series(1, 3) as n;
`;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await sql(`
    create role ${quoted};
    create role ${application};
    alter database ${database.name} owner to ${quoted};
    alter schema public owner to ${quoted};
    revoke all on schema public from public;
    revoke connect, temporary on database ${database.name} from public;
    grant connect on database ${database.name} to ${application};
    grant usage on schema public to ${application};
    alter default privileges for role ${quoted} in schema public
      grant select, insert, update, delete on tables to ${application};
    alter default privileges for role ${quoted} in schema public grant usage on sequences to ${application};
  `);
  await asOwner(IN_ORDER);
}, 60_000);

afterAll(async () => {
  await database.drop();
  await run(addressOf(database.url, 'postgres'), `drop role ${quoted}; drop role ${application}`);
});

function sql(text: string) {
  return run(addressOf(database.url), `set search_path = public; ${text}`);
}

async function asOwner(text: string): Promise<void> {
  await sql(`set role ${quoted}; ${text}`);
}

async function validate(
  changes: Partial<ValidationSubject> = {},
  categories: readonly ValidationCategory[] = VALIDATION_CATEGORIES,
): Promise<CheckOutcome[]> {
  return inSession(addressOf(database.url), (session) =>
    validateDatabase(session, { ...SUBJECT, ...changes }, categories),
  );
}

/** One check's outcome while `broken` is done, which is taken back afterwards. */
async function whenBroken(
  name: string,
  broken: string,
  mended: string,
  changes: Partial<ValidationSubject> = {},
): Promise<CheckOutcome | undefined> {
  await asOwner(broken);
  try {
    return (await validate(changes)).find((outcome) => outcome.name === name);
  } finally {
    await sql(mended);
  }
}

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
    expect(outcomes).toHaveLength(BUILT_IN_CHECKS.length + 1);
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
      'public.orders (total)',
    ],
    [
      'sequences-ahead',
      "select setval('orders_id_seq', 2)",
      "select setval('public.orders_id_seq', 3)",
      'public.orders_id_seq of public.orders (id)',
    ],
    [
      'application-grants',
      `create table secret_keys (id serial primary key); revoke insert, update on secret_keys from ${application}`,
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
      const outcome = await whenBroken(name, broken, mended, changes);
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

  it('finds what was changed by hand since the last migration, once one was made [d12]', async () => {
    const address = addressOf(database.url);
    await inSession(address, async (session) => {
      await ensureTracking(session);
      const author = { project: 'shop', run: { migrationId: randomUUID(), stepId: 'apply-migrations' } };
      await recordSnapshot(session, await readMigratedStructure(session), author);
    });
    const structure = async (): Promise<CheckOutcome | undefined> =>
      (await validate({}, ['schema'])).find(({ name }) => name === 'structure');
    const before = await structure();
    await asOwner('alter table orders add column by_hand int');
    const after = await structure();
    await sql('alter table orders drop column by_hand; drop schema rehome cascade');
    expect(before).toMatchObject({ outcome: 'passed' });
    expect(after).toMatchObject({
      outcome: 'failed',
      samples: ['column public.orders.by_hand: was made by no migration'],
    });
  });

  it('finds an index that a concurrent build left invalid [d13]', async () => {
    await asOwner('create table twins (id int primary key, n int); insert into twins values (1, 1), (2, 1)');
    const build = run(addressOf(database.url), 'create unique index concurrently broken on public.twins (n)');
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
      grant connect on database ${database.name} to public;
      create schema rehome;
      create table rehome.schema_migrations (version text primary key);
      grant insert on rehome.schema_migrations to ${application};
      alter role ${application} createrole;
    `);
    const outcomes = await validate({}, ['security']);
    await sql(`
      revoke connect on database ${database.name} from public;
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

function failed(outcomes: readonly CheckOutcome[]): string[] {
  return outcomes
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ name }) => name)
    .sort();
}

describe('a check of the project', () => {
  async function own(text: string, name = 'own'): Promise<CheckOutcome | undefined> {
    const check = { name, category: 'data', sql: text, message: 'the total is missing; fill it' } as const;
    return (await validate({ checks: [check] }, ['data'])).find((outcome) => outcome.name === name);
  }

  it('fails with its message for every row that comes, and passes without one [d15]', async () => {
    expect(await own('select id from orders where total is null -- all of them')).toMatchObject({
      outcome: 'failed',
      count: 3,
      samples: ['1', '2', '3'],
      message: 'the total is missing; fill it',
    });
    expect(await own('select id, id from orders where id < 0')).toMatchObject({ outcome: 'passed', count: 0 });
  });

  it('takes the place of the built-in one of its name [d16]', async () => {
    const outcomes = await validate({
      checks: [{ name: 'audit-table', category: 'security', sql: `select 'journal'`, message: 'no journal' }],
    });
    expect(outcomes.filter(({ name }) => name === 'audit-table')).toMatchObject([{ samples: ['journal'] }]);
  });

  it.each([
    ['writes', 'insert into users (email) values (1) returning id'],
    ['writes by a function', `select setval('orders_id_seq', 99)`],
    ['holds a second statement', 'select 1; select 2'],
    ['leaves its brackets', 'select 1) as x) as y; drop table orders; --'],
    ['reads what only the administrator may', 'select 1 from pg_catalog.pg_authid'],
    ['is no SQL', 'selekt'],
  ])('is a failed check, and changes nothing, when it %s', async (_how, text) => {
    expect(await own(text)).toMatchObject({
      outcome: 'failed',
      message: expect.stringMatching(/^it could not be judged: .*SQLSTATE/),
    });
    const { rows } = await sql('select count(*)::int as orders from orders').then((results) =>
      Array.isArray(results) ? (results.at(-1) as typeof results) : results,
    );
    expect(rows).toEqual([{ orders: 3 }]);
  });

  it('tells no value of a row when it fails', async () => {
    const outcome = await own('select email::int from users');
    expect(outcome).toMatchObject({ outcome: 'failed', message: 'it could not be judged: SQLSTATE 22P02' });
  });
});
