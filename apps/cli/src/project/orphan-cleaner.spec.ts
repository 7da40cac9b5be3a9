import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanerName, cleanerOf, parseReference } from './orphan-cleaner.js';

const NAME = fc.stringMatching(/^[^.=,\s]{1,20}$/);
const COLUMNS = fc.array(fc.tuple(NAME, NAME), { minLength: 1, maxLength: 3 });
const TABLE = fc.oneof(
  NAME,
  fc.tuple(NAME, NAME).map(([schema, name]) => `${schema}.${name}`),
);

describe('a reference as people type it', () => {
  it('is columns of two tables, each with or without a schema [d24]', () => {
    fc.assert(
      fc.property(TABLE, TABLE, COLUMNS, (table, referencedTable, pairs) => {
        const [columns, referencedColumns] = [pairs.map(([column]) => column), pairs.map(([, column]) => column)];
        const text = `${table}.${columns.join(',')}=${referencedTable}.${referencedColumns.join(',')}`;
        expect(parseReference(text)).toEqual({ table, columns, referencedTable, referencedColumns });
      }),
    );
  });

  it.each([
    'work_orders=stations',
    'a.b',
    'a.b=c',
    'a.b=',
    '=c.d',
    'a.b=c.d=e.f',
    'a b.c=d.e',
    'a.b,c=d.e',
    'a.b,=d.e,f',
  ])('is not %s', (text) => {
    expect(parseReference(text)).toBeUndefined();
  });
});

describe('the cleaner of orphans', () => {
  const reference = {
    table: 'work_orders',
    columns: ['Station'],
    referencedTable: 'yard.stations',
    referencedColumns: ['id'],
  };

  it('removes by not exists, since not in finds nothing beside a null [d24]', () => {
    const { up } = cleanerOf(reference, { id: 'core/0007', requires: '0006' });
    expect(up).toMatch(/^-- requires: 0006\n-- lock-timeout: 2s\n/);
    expect(up).toContain('delete from "work_orders" as child\nwhere child."Station" is not null\n  and not exists (');
    expect(up).toContain('select from "yard"."stations" as parent\n    where parent."id" = child."Station"');
    expect(up).not.toMatch(/\bnot in\b/i);
  });

  it('proves itself, and says that only the backup brings the rows back [d24]', () => {
    const { down, verify } = cleanerOf(reference, { id: 'core/0007' });
    expect(verify).toMatch(/^select not exists \(\n {2}select from "work_orders" as child/);
    expect(down).toContain('core/0007 removed rows; restore the backup that was made before it');
    expect(cleanerName(reference)).toBe('clean_orphans_work_orders_station');
  });

  it('takes the rows that refer to an orphan of their own table with it [d24]', () => {
    const own = { table: 'runs', columns: ['parent'], referencedTable: 'runs', referencedColumns: ['id'] };
    const { up, verify } = cleanerOf(own, { id: 'core/0007' });
    expect(up).toContain('with recursive gone ("id") as (\n  select child."id" from "runs" as child');
    expect(up).toContain('join gone on gone."id" = child."parent"');
    expect(up).toContain('and not exists (select from gone where gone."id" = parent."id")');
    expect(verify).not.toContain('gone');
  });

  it('compares every column of a reference of several [d24]', () => {
    const pair = {
      table: 'lines',
      columns: ['shop', 'no'],
      referencedTable: 'orders',
      referencedColumns: ['shop', 'id'],
    };
    const { up } = cleanerOf(pair, { id: 'core/0007' });
    expect(up).toContain('where child."shop" is not null and child."no" is not null\n');
    expect(up).toContain('where parent."shop" = child."shop" and parent."id" = child."no"');
    expect(cleanerName(pair)).toBe('clean_orphans_lines_shop_no');
  });
});
