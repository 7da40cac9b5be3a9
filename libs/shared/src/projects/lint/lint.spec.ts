import { beforeAll, describe, expect, it } from '@jest/globals';
import { parserReady } from '../sql/parse-sql.js';
import { ADVICE_FIXTURES } from './fixtures/advice-fixtures.js';
import { COLUMN_FIXTURES } from './fixtures/column-fixtures.js';
import { CONSTRAINT_FIXTURES } from './fixtures/constraint-fixtures.js';
import { DATA_FIXTURES } from './fixtures/data-fixtures.js';
import { INDEX_FIXTURES } from './fixtures/index-fixtures.js';
import { LOCK_FIXTURES } from './fixtures/lock-fixtures.js';
import { PHASE_FIXTURES } from './fixtures/phase-fixtures.js';
import type { RuleFixtures } from './fixtures/rule-fixture.js';
import { SAFE_FILES } from './fixtures/safe-files.js';
import { TABLE_FIXTURES } from './fixtures/table-fixtures.js';
import { lint } from './lint.js';
import { LINT_RULES } from './lint-rules.js';
import { fileOf, lintText, rulesIn } from './lint-test-kit.js';

const OTHER_FIXTURES: RuleFixtures = {
  ...COLUMN_FIXTURES,
  ...CONSTRAINT_FIXTURES,
  ...TABLE_FIXTURES,
  ...DATA_FIXTURES,
  ...LOCK_FIXTURES,
  ...ADVICE_FIXTURES,
};
const FIXTURES: RuleFixtures = { ...INDEX_FIXTURES, ...PHASE_FIXTURES, ...OTHER_FIXTURES };

beforeAll(parserReady);

function expectHeld(fixtures: RuleFixtures, name: string): void {
  const { earlier = [], fails, passes } = fixtures[name] ?? { fails: [], passes: [] };
  expect(fails.filter((text) => !rulesIn(text, earlier).includes(name))).toEqual([]);
  expect(passes.filter((text) => rulesIn(text, earlier).includes(name))).toEqual([]);
}

describe('the linter', () => {
  it('has at least twenty-two rules, each of a name of its own, with a failing and a passing script [d32]', () => {
    const names = LINT_RULES.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(22);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(FIXTURES).sort()).toEqual([...names].sort());
    expect(Object.values(FIXTURES).every(({ fails, passes }) => fails.length > 0 && passes.length > 0)).toBe(true);
  });

  it.each(Object.keys(INDEX_FIXTURES))('finds indexes that keep writers waiting, and only them: %s [d25]', (name) => {
    expectHeld(INDEX_FIXTURES, name);
  });

  it.each(Object.keys(PHASE_FIXTURES))('keeps what goes apart from what comes: %s [d31]', (name) => {
    expectHeld(PHASE_FIXTURES, name);
  });

  it.each(Object.keys(OTHER_FIXTURES))('finds what it should and nothing else: %s [d32]', (name) => {
    expectHeld(OTHER_FIXTURES, name);
  });

  it.each(Object.entries(SAFE_FILES))('has nothing against a file that %s', (_what, text) => {
    expect(rulesIn(text)).toEqual([]);
  });

  it('says where, what happens and how to do it instead', () => {
    const text = '-- requires: 0001\n\n-- for the report\ncreate index on orders (day);\nselect 1;';
    expect(lintText(text)).toEqual([
      {
        rule: 'index-without-concurrently',
        path: 'migrations/shop/0002_change.up.sql',
        line: 4,
        reason: expect.stringContaining('every write to the table waits'),
        safeWay: expect.stringContaining('create index concurrently'),
      },
    ]);
  });

  it('sees what a block runs, and leaves alone what a function would run later', () => {
    const run = "drop index orders_by_day; execute 'create index on orders (day)';";
    const rules = ['drop-index-without-concurrently', 'index-without-concurrently'];
    expect(rulesIn(`do $$ begin ${run} end $$;`)).toEqual(expect.arrayContaining(rules));
    expect(rulesIn(`create procedure p() language plpgsql as $$ begin ${run} end $$;`)).toEqual([]);
  });

  it('leaves tables alone that no application uses yet', () => {
    const file = fileOf('alter table shop.orders alter column no type text;');
    expect(lint(file, { earlier: [], unused: ['shop.orders'] })).toEqual([]);
    expect(lint(file, { earlier: [], unused: ['audit.orders'] })).toHaveLength(1);
  });
});

describe('a waiver', () => {
  const INDEX = 'create index on orders (day);';

  it('with a reason lets one statement pass, or the whole file from its header', () => {
    expect(rulesIn(`-- rehome:allow index-without-concurrently: 40 rows\n${INDEX}`)).toEqual([]);
    expect(rulesIn(`${INDEX} -- rehome:allow index-without-concurrently: 40 rows\n${INDEX}`)).toEqual([
      'index-without-concurrently',
    ]);
    expect(rulesIn(`-- rehome:allow index-without-concurrently: small\n\n${INDEX}\n${INDEX}`)).toEqual([]);
  });

  it('of a rule that there is not, or that finds nothing, is told', () => {
    expect(lintText(`select 1;\n-- rehome:allow no-such-rule: because\n${INDEX}`)).toEqual([
      expect.objectContaining({ rule: 'index-without-concurrently', line: 3 }),
      expect.objectContaining({
        rule: 'waiver-of-unknown-rule',
        line: 3,
        reason: expect.stringContaining('no-such-rule'),
      }),
    ]);
    expect(lintText('-- rehome:allow truncate: it is empty\nselect 1;')).toEqual([
      expect.objectContaining({ rule: 'waiver-not-used', safeWay: expect.stringContaining('take the comment out') }),
    ]);
  });
});
