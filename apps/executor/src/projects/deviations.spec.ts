import { beforeAll, describe, expect, it } from '@jest/globals';
import { parserReady } from '#shared/projects/sql/parse-sql.js';
import { readScript } from '#shared/projects/sql/read-script.js';
import { objectKey, type CatalogueObject, type Structure } from '../postgres/catalogue/structure.js';
import { deviationsOf, unnamed, withoutDeviations } from './deviations.js';

beforeAll(parserReady);

function structure(...objects: readonly CatalogueObject[]): Structure {
  return { major: 15, objects: new Map(objects.map((object) => [objectKey(object), object])) };
}

function object(kind: string, name: string, aspects: Record<string, string> = {}): CatalogueObject {
  return { kind, name, aspects };
}

const ORDERS = object('table', 'public.orders', { owner: 'shop' });
const TOTAL = object('column', 'public.orders.total', { type: 'integer' });
const BIG = object('column', 'public.orders.total', { type: 'bigint' });
const BY_HAND = object('column', 'public.orders."By hand"', { type: 'text' });
const UNIQUE = object('constraint', 'orders_key on public.orders', { definition: 'UNIQUE ("By hand")' });

function statements(text: string) {
  return readScript('migrations/a/1_a.up.sql', text).script.statements;
}

function left(run: string, faked: string, live: Structure, before = structure(ORDERS, TOTAL)) {
  const change = { run: statements(run), faked: statements(faked) };
  return unnamed(deviationsOf(before, live), change, live).map(({ left: had, found }) => (had ?? found)?.name);
}

describe('the structure without what somebody else did', () => {
  it('has neither what was made nor what was changed, and has what was dropped [d29]', () => {
    const deviations = deviationsOf(structure(ORDERS, TOTAL, UNIQUE), structure(ORDERS, BIG, BY_HAND));
    const status = object('column', 'public.orders.status', { type: 'text' });
    const expected = withoutDeviations(structure(ORDERS, BIG, BY_HAND, status), deviations);
    expect(new Set(expected.objects.values())).toEqual(new Set([ORDERS, TOTAL, status, UNIQUE]));
  });

  it('takes what was changed again since, and what is gone since, as it is', () => {
    const small = object('column', 'public.orders.total', { type: 'smallint' });
    const deviations = deviationsOf(structure(ORDERS, TOTAL), structure(ORDERS, BIG, BY_HAND));
    expect(withoutDeviations(structure(ORDERS, small), deviations)).toEqual(structure(ORDERS, small));
    expect(withoutDeviations(structure(), deviations)).toEqual(structure());
  });
});

describe('what stays the doing of somebody else', () => {
  const live = structure(ORDERS, BIG, BY_HAND, UNIQUE);

  it('is what no script names, however much a script works on the same table', () => {
    const all = ['public.orders."By hand"', 'public.orders.total', 'orders_key on public.orders'];
    expect(left('alter table orders add column status text', '', live)).toEqual(expect.arrayContaining(all));
  });

  it('is not what a script makes that is run; what it only uses is', () => {
    const run = 'alter table orders add column if not exists "By hand" text; update orders set total = 0';
    expect(left(run, '', live)).toEqual(['public.orders.total', 'orders_key on public.orders']);
  });

  it('is nothing of a table that a faked script names', () => {
    expect(left('', 'alter table orders alter total type bigint', live)).toEqual([]);
  });

  it('is nothing of a table that a script makes where it stands already', () => {
    expect(left('create table if not exists orders (total bigint)', '', live, structure())).toEqual([]);
  });
});
