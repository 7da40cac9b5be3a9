import { describe, expect, it } from '@jest/globals';
import { LINT_RULES } from '#shared/projects/lint/lint-rules.js';
import { WAIVER_RULES } from '#shared/projects/lint/waivers.js';
import { expectAgreement, expectCells } from './agreement.js';
import { names, readPage } from './markdown-page.js';

const page = 'docs/reference/lint.md';
const source = 'libs/shared/src/projects/lint';
const rows = readPage(page)
  .tables.filter(({ columns }) => columns[0] === 'rule')
  .flatMap((table) => table.rows);
const rules = [...LINT_RULES, ...WAIVER_RULES.map((rule) => ({ ...rule, advice: undefined }))];

describe('docs/reference/lint.md', () => {
  it('names every rule in its order and nothing else', () => {
    const onPage = rows.flatMap(([cell = '']) => names(cell));
    const declared = rules.map(({ name }) => name);
    expectAgreement({ page, onPage, source, declared, entry: 'a row' });
    expect(onPage).toEqual(declared);
  });

  it('tells of each whether it refuses, what happens and what to do instead', () => {
    expectCells(
      page,
      source,
      rules.flatMap(({ name, advice, reason, safeWay }) => {
        const [, kind, happens, instead] = rows.find(([cell = '']) => names(cell)[0] === name) ?? [];
        return [
          { at: `${name}, kind`, found: kind, wanted: advice === true ? 'advice' : 'danger' },
          { at: `${name}, what happens`, found: happens, wanted: reason },
          { at: `${name}, instead`, found: instead, wanted: safeWay },
        ];
      }),
    );
  });
});
