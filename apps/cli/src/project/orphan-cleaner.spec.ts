import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanerName, cleanerOf, parseReference } from './orphan-cleaner.js';

const NAME = fc.stringMatching(/^[^.=\s]{1,20}$/);
const TABLE = fc.oneof(
  NAME,
  fc.tuple(NAME, NAME).map(([schema, name]) => `${schema}.${name}`),
);

describe('a reference as people type it', () => {
  it('is two columns with their tables, each with or without a schema [d24]', () => {
    fc.assert(
      fc.property(TABLE, NAME, TABLE, NAME, (table, column, referencedTable, referencedColumn) => {
        const text = `${table}.${column}=${referencedTable}.${referencedColumn}`;
        expect(parseReference(text)).toEqual({ table, column, referencedTable, referencedColumn });
      }),
    );
  });

  it.each(['work_orders=stations', 'a.b', 'a.b=c', 'a.b=', '=c.d', 'a.b=c.d=e.f', 'a b.c=d.e'])('is not %s', (text) => {
    expect(parseReference(text)).toBeUndefined();
  });
});

describe('the cleaner of orphans', () => {
  const reference = {
    table: 'work_orders',
    column: 'Station',
    referencedTable: 'yard.stations',
    referencedColumn: 'id',
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
});
