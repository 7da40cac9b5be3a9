import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CheckOutcome } from '#shared/contracts/steps/project-steps.js';
import { DatabaseInOrder } from './validation-test-kit.js';

let order: DatabaseInOrder;

beforeAll(async () => {
  order = await DatabaseInOrder.create();
}, 60_000);

afterAll(() => order.drop());

describe('a check of the project', () => {
  async function own(text: string, name = 'own'): Promise<CheckOutcome | undefined> {
    const check = { name, category: 'data', sql: text, message: 'the total is missing; fill it' } as const;
    return (await order.validate({ checks: [check] }, ['data'])).find((outcome) => outcome.name === name);
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

  it('shows keys, and of anything else only how many there are: it may be about a person [d15]', async () => {
    expect(await own('select email from users')).toMatchObject({ outcome: 'failed', count: 3, samples: [] });
    expect(await own('select total from orders')).toMatchObject({ count: 3, samples: [] });
    const uuid = '11111111-2222-3333-4444-555555555555';
    expect(await own(`select '${uuid}'::uuid`)).toMatchObject({ count: 1, samples: [uuid] });
    expect(await own(`select 'orders'::regclass`)).toMatchObject({ count: 1, samples: ['orders'] });
  });

  it('takes the place of the built-in one of its name [d16]', async () => {
    const outcomes = await order.validate({
      checks: [{ name: 'audit-table', category: 'security', sql: `select 'journal'`, message: 'no journal' }],
    });
    expect(outcomes.filter(({ name }) => name === 'audit-table')).toMatchObject([
      { outcome: 'failed', message: 'no journal' },
    ]);
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
    const { rows } = await order
      .sql('select count(*)::int as orders from orders')
      .then((results) => (Array.isArray(results) ? (results.at(-1) as typeof results) : results));
    expect(rows).toEqual([{ orders: 3 }]);
  });

  it('tells no value of a row when it fails', async () => {
    const outcome = await own('select email::int from users');
    expect(outcome).toMatchObject({ outcome: 'failed', message: 'it could not be judged: SQLSTATE 22P02' });
  });
});
