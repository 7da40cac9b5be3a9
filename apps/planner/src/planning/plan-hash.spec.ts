import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '#shared/contracts/canonical-json.js';
import type { Plan } from '#shared/contracts/plan.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { compile } from './compile.js';
import { hashPlan } from './plan-hash.js';
import { upgradeRecipe } from './recipes/upgrade.recipe.js';
import { FACTS, upgradeRequest } from './upgrade-test-kit.js';

function planWith(outcome: object): Plan {
  const compiled = compile(upgradeRecipe, upgradeRequest(), asJsonObject(FACTS));
  if (compiled.outcome !== 'plan') throw new Error('the example compiles');
  return { ...compiled.plan, outcome: asJsonObject(outcome) };
}

/** The same content with the members of every object in another order. */
function shuffled(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, seed));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => [name, shuffled(member, seed)]);
  return Object.fromEntries(seed % 2 === 0 ? entries.reverse() : [...entries.slice(1), ...entries.slice(0, 1)]);
}

const outcomes = fc.dictionary(fc.string(), fc.jsonValue());

describe('the hash of a plan', () => {
  test('does not depend on the order in which members were written', () => {
    fc.assert(
      fc.property(outcomes, fc.nat(9), (outcome, seed) => {
        const plan = planWith(outcome);
        expect(hashPlan(shuffled(plan, seed) as Plan)).toBe(hashPlan(plan));
      }),
    );
  });

  test('survives being written as JSON and read again', () => {
    fc.assert(
      fc.property(outcomes, (outcome) => {
        const plan = planWith(outcome);
        expect(hashPlan(JSON.parse(JSON.stringify(plan)) as Plan)).toBe(hashPlan(plan));
      }),
    );
  });

  test('differs as soon as any content differs', () => {
    fc.assert(
      fc.property(outcomes, outcomes, (one, other) => {
        const same = canonicalJson(one) === canonicalJson(other);
        expect(hashPlan(planWith(one)) === hashPlan(planWith(other))).toBe(same);
      }),
    );
  });

  test('differs for every single leaf that is changed', () => {
    const plan = planWith({});
    const text = JSON.stringify(plan);
    const leaves = [...text.matchAll(/":"([^"]+)"/g)].map((match) => match.index + 3);
    expect(leaves.length).toBeGreaterThan(100);
    for (const at of leaves) {
      const changed = JSON.parse(`${text.slice(0, at)}~${text.slice(at + 1)}`) as Plan;
      expect(hashPlan(changed)).not.toBe(hashPlan(plan));
    }
  });

  test('is 64 lower-case hexadecimal digits', () => {
    expect(hashPlan(planWith({}))).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('canonical JSON', () => {
  test('sorts names by UTF-16 code units and writes numbers in one way (RFC 8785)', () => {
    expect(canonicalJson({ '\u20ac': 1, '\r': 2, '1': 1e30, a: [0.002, 4.5, -0] })).toBe(
      '{"\\r":2,"1":1e+30,"a":[0.002,4.5,0],"€":1}',
    );
  });

  test('writes big integers as decimal strings', () => {
    expect(canonicalJson({ position: 9007199254740993n })).toBe('{"position":"9007199254740993"}');
  });

  test('refuses numbers that JSON does not have', () => {
    expect(() => canonicalJson({ size: Number.NaN })).toThrow('"size" is not a finite number');
  });
});
