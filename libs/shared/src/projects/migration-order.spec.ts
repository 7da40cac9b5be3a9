import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inOrder, withRequirements, type Ordered } from './migration-order.js';
import { naturalOrder } from './natural-order.js';

function migration(id: string, ...requires: string[]): Ordered {
  const [app = '', version = ''] = id.split('/');
  return { id, app, version, requires };
}

/** Requirements only on earlier ones of the list: never a circle. */
const acyclic = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat({ max: 30 })), { selector: (pair) => pair.join('/') })
  .chain((names) =>
    fc
      .tuple(...names.map((_, index) => fc.subarray(names.slice(0, index), { maxLength: Math.min(3, index) })))
      .map((required) =>
        names.map((name, index) => migration(name.join('/'), ...(required[index] ?? []).map((one) => one.join('/')))),
      ),
  );

function idsOf(migrations: readonly Ordered[]): string[] {
  const order = inOrder(migrations);
  return order.ok ? order.ordered.map(({ id }) => id) : [];
}

describe('the order of migrations', () => {
  it('is by app and version as people count', () => {
    expect(idsOf([migration('b/1'), migration('a/v10'), migration('a/v9'), migration('a/v009b')])).toEqual([
      'a/v9',
      'a/v009b',
      'a/v10',
      'b/1',
    ]);
  });

  it('puts what is required first', () => {
    expect(idsOf([migration('a/1', 'b/2'), migration('a/2'), migration('b/1'), migration('b/2')])).toEqual([
      'a/2',
      'b/1',
      'b/2',
      'a/1',
    ]);
  });

  it('holds every migration once, each after what it requires, however they are read', () => {
    fc.assert(
      fc.property(acyclic, (migrations) => {
        const ids = idsOf(migrations);
        expect(idsOf(migrations.toReversed())).toEqual(ids);
        expect([...ids].sort()).toEqual(migrations.map(({ id }) => id).sort());
        for (const { id, requires } of migrations)
          for (const required of requires) expect(ids.indexOf(required)).toBeLessThan(ids.indexOf(id));
      }),
    );
  });

  it('names the circle in which requirements run', () => {
    const circle = [migration('a/1', 'a/2'), migration('a/2', 'b/1'), migration('b/1', 'a/2'), migration('c/1')];
    expect(inOrder(circle)).toEqual({ ok: false, cycle: ['a/2', 'b/1', 'a/2'] });
  });

  it('takes along all that is required, however far', () => {
    const all = [migration('a/1'), migration('a/2'), migration('b/1', 'a/1'), migration('c/1', 'b/1')];
    expect(withRequirements(all.slice(3), all).map(({ id }) => id)).toEqual(['a/1', 'b/1', 'c/1']);
  });
});

describe('the natural order', () => {
  it('is an order: total and the same both ways round', () => {
    const text = fc.stringMatching(/^[v01_9]{0,5}$/);
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(naturalOrder(a, b)) + Math.sign(naturalOrder(b, a))).toBe(0);
        expect(naturalOrder(a, b) === 0).toBe(a === b);
        if (naturalOrder(a, b) <= 0 && naturalOrder(b, c) <= 0) expect(naturalOrder(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
