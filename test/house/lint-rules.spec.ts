import { beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { ESLint, type Linter } from 'eslint';

const LONG_FUNCTION = `export function long(): void {\n${'  void 0;\n'.repeat(61)}}\n`;

/** What each rule of the house refuses, as the smallest file that breaks it. */
const REFUSED: readonly { readonly what: string; readonly rule: string; readonly text: string }[] = [
  { what: 'any', rule: '@typescript-eslint/no-explicit-any', text: 'export const a: any = 1;\n' },
  {
    what: 'a non-null assertion',
    rule: '@typescript-eslint/no-non-null-assertion',
    text: 'export const a = (b: string | undefined) => b!.length;\n',
  },
  {
    what: 'a promise nobody waits for',
    rule: '@typescript-eslint/no-floating-promises',
    text: 'export function a(): void {\n  Promise.resolve(1);\n}\n',
  },
  {
    what: 'the environment outside configuration',
    rule: 'no-restricted-properties',
    text: "export const a = process.env['HOME'];\n",
  },
  { what: 'a default export', rule: 'no-restricted-syntax', text: 'export default 1;\n' },
  { what: 'a barrel', rule: 'no-restricted-syntax', text: "export { a } from './b.js';\n" },
  { what: 'an enum', rule: 'no-restricted-syntax', text: 'export enum A {\n  B,\n}\n' },
  { what: 'console output', rule: 'no-console', text: "console.log('a');\n" },
  { what: 'a function over 60 lines', rule: 'max-lines-per-function', text: LONG_FUNCTION },
  { what: 'a file over 400 lines', rule: 'max-lines', text: '// .\n'.repeat(401) },
];

// Type-aware rules need a file that the project knows; the text is ours.
const IN_THE_LIBRARY = 'libs/shared/src/contracts/ids.ts';

describe('lint', () => {
  const eslint = new ESLint({ cwd: process.cwd() });
  let messages: readonly Linter.LintMessage[] = [];
  // In one file, because compiling the project takes most of the time.
  const firstLine = new Map<string, number>();

  beforeAll(() => {
    let text = '';
    for (const example of REFUSED) {
      firstLine.set(example.what, text.split('\n').length);
      text += example.text;
    }
    messages = lint(text, IN_THE_LIBRARY);
  }, 180_000);

  it.each(REFUSED)('refuses $what', ({ what, rule, text }) => {
    const first = firstLine.get(what) ?? 0;
    const last = first + text.split('\n').length;
    const here = messages.filter(({ line }) => line >= first && line < last).map(({ ruleId }) => ruleId);
    expect(here).toContain(rule);
  });

  it.each([
    ['apps/planner/src/main.ts', 'allows'],
    ['apps/planner/src/planner.config.ts', 'allows'],
    ['scripts/stack.ts', 'allows'],
    ['test/harness/run-addresses.ts', 'allows'],
    ['apps/executor/src/running/claim.ts', 'refuses'],
    ['libs/shared/src/ledger/append-batch.ts', 'refuses'],
  ])('in %s %s the environment', async (file, verdict) => {
    const configuration = (await eslint.calculateConfigForFile(file)) as Linter.Config;
    const [severity] = [configuration.rules?.['no-restricted-properties']].flat();
    expect(severity).toBe(verdict === 'allows' ? 0 : 2);
  });
});

/** In a process of its own: the compiled project is large and would stay in this one. */
function lint(text: string, file: string): readonly Linter.LintMessage[] {
  const args = ['node_modules/eslint/bin/eslint.js', '--stdin', '--stdin-filename', file, '--format', 'json'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { input: text, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as ESLint.LintResult[]).flatMap((result) => result.messages);
}
