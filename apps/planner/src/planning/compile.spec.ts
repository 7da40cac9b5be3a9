import { describe, expect, test } from '@jest/globals';
import { compile } from './compile.js';
import { compiled, facts, inspected, migration, projectRequest } from './project-test-kit.js';
import { applyRecipe } from './recipes/apply.recipe.js';

const REQUEST = projectRequest({ kind: 'apply', project: 'epsm' });

/** Every version stands before each of the three databases, to be run on one and recorded on the others. */
function pendingOnAll(versions: number) {
  const before = (alias: string, home: number) =>
    inspected(
      alias,
      Array.from({ length: versions }, (_, at) =>
        migration(
          `simulation/${String(at).padStart(4, '0')}_what_it_changes`,
          at % 3 === home ? {} : { action: 'elsewhere' },
        ),
      ),
    );
  return facts({ databases: [before('default', 0), before('materials', 1), before('results', 2)] });
}

describe('A plan', () => {
  test('holds seven hundred versions over three databases, and so does the inspection before it', () => {
    const found = pendingOnAll(700);
    expect(JSON.stringify(found).length).toBeLessThan(200 * 1024);
    expect(compiled(applyRecipe, REQUEST, found).outcome).toBe('plan');
  });

  test('that no event could hold is refused with what to do, as is an inspection that none could', () => {
    for (const outcome of [
      compiled(applyRecipe, REQUEST, pendingOnAll(3_000)),
      compile(applyRecipe, REQUEST, { evidence: { sha256: 'a'.repeat(64), bytes: 300_000 } }),
    ])
      expect(outcome).toMatchObject({
        outcome: 'refused',
        reasons: [{ code: 'PREFLIGHT_FAILED', detail: expect.stringContaining('ask for less at once') }],
      });
  });
});
