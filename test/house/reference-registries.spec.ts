import { describe, expect, it } from '@jest/globals';
import type { SettingEntry } from '#shared/configuration/setting-entry.js';
import { SETTINGS } from '#shared/configuration/settings.js';
import { ERROR_CODES } from '#shared/errors/error-codes.js';
import { METRICS } from '#shared/observability/metrics.js';
import { expectAgreement, expectCells } from './agreement.js';
import { names, readPage, type MarkdownPage } from './markdown-page.js';

/** Rows of every table of a page whose first column has this name, by what it names. */
function rowsOf({ tables }: MarkdownPage, firstColumn: string): Map<string, readonly string[]> {
  const rows = tables.filter(({ columns }) => columns[0] === firstColumn).flatMap((table) => table.rows);
  return new Map(rows.map((row) => [names(row[0] ?? '')[0] ?? '', row]));
}

describe('docs/reference/errors.md', () => {
  const page = 'docs/reference/errors.md';
  const source = 'libs/shared/src/errors/error-codes.ts';
  const rows = rowsOf(readPage(page), 'code');

  it('names every error code and nothing else', () => {
    expectAgreement({ page, onPage: [...rows.keys()], source, declared: Object.keys(ERROR_CODES), entry: 'a row' });
  });

  it('tells of each what the registry says, and what to do', () => {
    expectCells(
      page,
      source,
      Object.entries(ERROR_CODES).flatMap(([code, { disposition, status, title }]) => {
        const [, then, http, meaning] = rows.get(code) ?? [];
        return [
          { at: `${code}, then`, found: then, wanted: disposition },
          { at: `${code}, HTTP`, found: http, wanted: String(status) },
          { at: `${code}, meaning`, found: meaning, wanted: title },
        ];
      }),
    );
    expect(
      [...rows].filter(([, row]) => (row[4] ?? '') === '').map(([code]) => `${page}: say what to do about ${code}`),
    ).toEqual([]);
  });
});

describe('docs/reference/configuration.md', () => {
  const page = 'docs/reference/configuration.md';
  const source = 'libs/shared/src/configuration/settings.ts';
  const rows = rowsOf(readPage(page), 'variable');
  const settings: readonly SettingEntry[] = Object.values(SETTINGS);

  it('names every setting and nothing else', () => {
    expectAgreement({
      page,
      onPage: [...rows.keys()],
      source,
      declared: settings.map(({ name }) => name),
      entry: 'a row',
    });
  });

  it('tells of each who reads it, its type, unit and default, and whether it is a secret or for tests', () => {
    expectCells(
      page,
      source,
      settings.flatMap((entry) => {
        const [, readBy, type, standard, meaning = ''] = rows.get(entry.name) ?? [];
        return [
          { at: `${entry.name}, read by`, found: readBy, wanted: entry.usedBy.join(', ') },
          { at: `${entry.name}, type`, found: type, wanted: typeOf(entry) },
          { at: `${entry.name}, default`, found: standard, wanted: defaultOf(entry) },
          { at: `${entry.name}, secret`, found: saysFirst(meaning, 'secret'), wanted: String(entry.secret === true) },
          {
            at: `${entry.name}, for tests`,
            found: saysFirst(meaning, 'for tests'),
            wanted: String(entry.forTests === true),
          },
        ];
      }),
    );
  });
});

function typeOf(entry: SettingEntry): string {
  if (entry.choices !== undefined) return entry.choices.map((choice) => `\`${choice}\``).join(' ');
  return entry.unit === undefined ? entry.type : `${entry.type}, ${entry.unit}`;
}

function defaultOf(entry: SettingEntry): string {
  if (entry.default === undefined) return entry.optional === true ? 'none' : '**required**';
  return entry.default === '' ? 'empty' : `\`${entry.default}\``;
}

function saysFirst(meaning: string, word: string): string {
  return String(meaning.startsWith(`${word}.`));
}

describe('docs/reference/metrics.md', () => {
  const page = 'docs/reference/metrics.md';
  const source = 'libs/shared/src/observability/metrics.ts';
  const rows = rowsOf(readPage(page), 'metric');

  it('names every metric and nothing else', () => {
    expectAgreement({ page, onPage: [...rows.keys()], source, declared: Object.keys(METRICS), entry: 'a row' });
  });

  it('tells of each its type and labels', () => {
    expectCells(
      page,
      source,
      Object.entries(METRICS).flatMap(([name, { type, labels }]) => {
        const [, foundType, foundLabels] = rows.get(name) ?? [];
        return [
          { at: `${name}, type`, found: foundType, wanted: type },
          { at: `${name}, labels`, found: foundLabels, wanted: labels.map((label) => `\`${label}\``).join(', ') },
        ];
      }),
    );
  });
});
