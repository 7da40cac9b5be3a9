import { expect } from '@jest/globals';

/** Two lists of names that must be the same, and what to say of a name that only one of them has. */
export interface Agreement {
  readonly page: string;
  readonly onPage: readonly string[];
  /** File that declares them. */
  readonly source: string;
  readonly declared: readonly string[];
  /** `a row`, `a section`. */
  readonly entry: string;
}

/** Fails with one line per name that is missing, unknown or named twice, which says what to do where. */
export function expectAgreement({ page, onPage, source, declared, entry }: Agreement): void {
  const twice = onPage.filter((name, index) => onPage.indexOf(name) !== index);
  expect([
    ...declared.filter((name) => !onPage.includes(name)).map((name) => `${page}: add ${entry} for ${name} (${source})`),
    ...onPage
      .filter((name) => !declared.includes(name))
      .map((name) => `${page}: take out ${name}, ${source} does not have it`),
    ...twice.map((name) => `${page}: ${name} stands twice`),
  ]).toEqual([]);
}

/** Fails with one line per cell that says something else than the code. */
export function expectCells(
  page: string,
  source: string,
  cells: readonly { readonly at: string; readonly found: string | undefined; readonly wanted: string }[],
): void {
  expect(
    cells
      .filter(({ found, wanted }) => found !== wanted)
      .map(({ at, found, wanted }) => `${page}: ${at} says "${found ?? ''}", ${source} says "${wanted}"`),
  ).toEqual([]);
}
