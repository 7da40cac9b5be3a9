import { describe, expect, it } from '@jest/globals';
import { PROJECT_KEYS } from '#shared/projects/definition/project-keys.js';
import { HEADER_KEYS } from '#shared/projects/sql/header.js';
import { expectAgreement } from './agreement.js';
import { names, readPage } from './markdown-page.js';

const page = 'docs/reference/projects.md';
const { tables } = readPage(page);

describe('docs/reference/projects.md', () => {
  it('names every key of project.yaml and nothing else', () => {
    const rows = tables.filter(({ columns }) => columns[0] === 'key').flatMap((table) => table.rows);
    const onPage = rows.map(([key = '', of = '']) => `${of}.${names(key)[0] ?? ''}`);
    const declared = Object.entries(PROJECT_KEYS).flatMap(([of, keys]) => keys.map((key) => `${of}.${key}`));
    const source = 'libs/shared/src/projects/definition/project-keys.ts';
    expectAgreement({ page, onPage, source, declared, entry: 'a row' });
  });

  it('names every header of a script and nothing else', () => {
    const rows = tables.filter(({ columns }) => columns[0] === 'header').flatMap((table) => table.rows);
    const onPage = rows.flatMap(([header = '']) => names(header));
    expect(rows.length).toBeGreaterThan(0);
    expectAgreement({
      page,
      onPage,
      source: 'libs/shared/src/projects/sql/header.ts',
      declared: HEADER_KEYS,
      entry: 'a row',
    });
  });
});
