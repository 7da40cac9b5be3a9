import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CheckOutcome } from '#shared/contracts/steps/project-steps.js';
import type { ValidationSubject } from './check.js';
import { DatabaseInOrder, failed } from './validation-test-kit.js';

let order: DatabaseInOrder;

beforeAll(async () => {
  order = await DatabaseInOrder.create();
}, 60_000);

afterAll(() => order.drop());

async function samplesOf(name: string, made: string, undone: string): Promise<readonly string[] | undefined> {
  const outcome = await order.whenBroken(name, made, undone);
  return outcome?.outcome === 'failed' ? outcome.samples : undefined;
}

async function judgedBy(name: string, changes: Partial<ValidationSubject> = {}): Promise<CheckOutcome | undefined> {
  return (await order.validate(changes)).find((outcome) => outcome.name === name);
}

describe('an index that does not find the rows of a foreign key', () => {
  const lines = (index: string): string =>
    `create table lines (id int primary key, order_id bigint references orders, at int, tags text[]); ${index}`;

  it.each([
    ['is partial', 'create index on lines (order_id) where at > 0', true],
    ['only includes its column', 'create index on lines (at) include (order_id)', true],
    ['is of blocks', 'create index on lines using brin (order_id)', true],
    ['is a hash', 'create index on lines using hash (order_id)', false],
    ['includes another', 'create index on lines (order_id) include (at)', false],
  ])('when it %s: %j is told: %j [d13]', async (_how, index, told) => {
    const samples = await samplesOf('foreign-keys-indexed', lines(index), 'drop table lines');
    expect(samples).toEqual(told ? ['public.lines (order_id)'] : undefined);
  });

  it('when its build never ended [d13]', async () => {
    await order.asOwner(`${lines('create index by_order on lines (order_id)')};`);
    await order.sql(`update pg_index set indisvalid = false where indexrelid = 'public.by_order'::regclass`);
    const outcome = await judgedBy('foreign-keys-indexed');
    await order.sql('drop table lines');
    expect(outcome?.samples).toEqual(['public.lines (order_id)']);
  });
});

describe('a sequence that is behind its column', () => {
  it('is found by the default of a column that does not own it [d15]', async () => {
    const samples = await samplesOf(
      'sequences-ahead',
      `create sequence tickets; create table seats (no int primary key default nextval('tickets'));
       insert into seats values (7)`,
      'drop table seats; drop sequence tickets',
    );
    expect(samples).toEqual(['public.tickets of public.seats (no)']);
  });

  it('is none of a column that holds no numbers [d15]', async () => {
    const samples = await samplesOf(
      'sequences-ahead',
      `create sequence tickets; create table seats (no text primary key default 'T' || nextval('tickets'));
       insert into seats values ('T9')`,
      'drop table seats; drop sequence tickets',
    );
    expect(samples).toBeUndefined();
  });
});

describe('a row without a required value', () => {
  it('is named by its key [d15]', async () => {
    const samples = await samplesOf(
      'required-filled',
      'alter table orders add constraint filled check (station_id is not null) not valid',
      'alter table orders drop constraint filled',
    );
    expect(samples).toEqual([1, 2, 3].map((id) => `public.orders id ${String(id)} (station_id)`));
  });

  it('is found in the columns that the project requires, also without a constraint [d15]', async () => {
    const requiredColumns = ['orders.total', 'public.orders.station_id', 'orders.user_id'];
    const outcome = await judgedBy('required-filled', { requiredColumns });
    expect(outcome).toMatchObject({ outcome: 'failed', count: 6 });
    expect(await judgedBy('required-filled', { requiredColumns: ['orders.user_id'] })).toMatchObject({
      outcome: 'passed',
    });
  });
});

describe('the application role', () => {
  it('is not restrained where it may make, owns or is what owns [d16] [d27]', async () => {
    const { application, quotedOwner, database } = order;
    await order.sql(`
      create schema apart authorization ${application};
      grant create on schema public to ${application};
      grant create on database ${database.name} to ${application};
      grant ${quotedOwner} to ${application};
    `);
    const outcome = await judgedBy('application-restrained', { schemas: ['public', 'apart'] });
    await order.sql(`
      drop schema apart;
      revoke create on schema public from ${application};
      revoke create on database ${database.name} from ${application};
      revoke ${quotedOwner} from ${application};
    `);
    expect(outcome?.samples).toEqual([
      'create on database ' + database.name,
      'create on schema apart',
      'create on schema public',
      `is a member of ${quotedOwner}`,
      'owns schema apart',
    ]);
  });

  it('is judged only where there is one [d16]', async () => {
    const outcomes = await order.validate({ application: 'nobody_here' }, ['security']);
    expect(failed(outcomes)).toEqual(['application-grants']);
    expect(outcomes.find(({ name }) => name === 'application-restrained')).toMatchObject({ outcome: 'not-applicable' });
  });

  it('needs no rights on partitions: it reads them by their root [d16]', async () => {
    const samples = await samplesOf(
      'application-grants',
      `create table days (day date primary key) partition by range (day);
       create table days_2026 partition of days for values from ('2026-01-01') to ('2027-01-01');
       revoke all on days_2026 from ${order.application}`,
      'drop table days',
    );
    expect(samples).toBeUndefined();
  });
});

describe('what is not of the project', () => {
  it('is left to the extension that brought it [d12] [d16]', async () => {
    await order.sql(
      'create extension pg_stat_statements; create table public.brought (n int); grant select on public.brought to public',
    );
    await order.sql('alter extension pg_stat_statements add table public.brought');
    const outcomes = await order.validate();
    await order.sql('drop extension pg_stat_statements cascade');
    expect(failed(outcomes)).toEqual([]);
  });

  it('is no rule of retention because of its name [d16]', async () => {
    await order.asOwner('create table customer_retention (id int primary key)');
    const made = { madeTables: ['customer_retention'] };
    const outcomes = [await judgedBy('retention-rules'), await judgedBy('retention-rules', made)];
    await order.sql('drop table customer_retention');
    expect(outcomes.map((one) => one?.outcome)).toEqual(['not-applicable', 'not-applicable']);
  });
});
