import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lines of the scenarios that are made true so far, each by a test whose title carries its id: `[c12]`. */
const COVERED: readonly (readonly [source: string, first: number, last: number])[] = [
  ['c', 1, 25],
  ['d', 1, 16],
  ['d', 21, 32],
  ['e', 1, 18],
];
const MAX_IDS = 3;

const IDS = /\[([a-e]\d+(?: [a-e]\d+)*)\]/g;
/** A title stands in quotes and is followed by what it names: `it('…', …` or `it.each(…)('…', …`. */
const TITLES = /(['"`])((?:(?!\1)[^\\\n]|\\.)*\[[a-e]\d+(?: [a-e]\d+)*\](?:(?!\1)[^\\\n]|\\.)*)\1\s*,/g;

interface Title {
  readonly file: string;
  readonly title: string;
  readonly ids: readonly string[];
}

function titles(): Title[] {
  return ['apps', 'libs', 'test', 'scripts'].flatMap((room) =>
    readdirSync(room, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.spec.ts'))
      .flatMap((entry) => titlesIn(join(entry.parentPath, entry.name))),
  );
}

function titlesIn(file: string): Title[] {
  return [...readFileSync(file, 'utf8').matchAll(TITLES)].map(([, , title = '']) => ({
    file,
    title,
    ids: [...title.matchAll(IDS)].flatMap(([, ids = '']) => ids.split(' ')),
  }));
}

describe('every line of the scenarios', () => {
  it('that is made true has a test that carries its id', () => {
    const carried = new Set(titles().flatMap(({ ids }) => ids));
    const lines = COVERED.flatMap(([source, first, last]) =>
      Array.from({ length: last - first + 1 }, (_, index) => `${source}${String(first + index)}`),
    );
    expect(lines.filter((line) => !carried.has(line))).toEqual([]);
  });

  it('is one that the scenarios have', () => {
    const last: Readonly<Record<string, number>> = { a: 24, b: 28, c: 25, d: 32, e: 18 };
    const known = (id: string): boolean => Number(id.slice(1)) >= 1 && Number(id.slice(1)) <= (last[id.charAt(0)] ?? 0);
    expect(titles().filter(({ ids }) => !ids.every(known))).toEqual([]);
  });

  it('is carried by tests that show little at a time: at most three ids each', () => {
    expect(titles().filter(({ ids }) => ids.length > MAX_IDS)).toEqual([]);
  });
});
