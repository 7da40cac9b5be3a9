import type { ValidateResultAnswer } from '#shared/contracts/project-answers.js';
import type { CheckOutcome, ValidateDatabaseResult } from '#shared/contracts/steps/project-steps.js';
import type { Run } from '../run.js';
import { marksOf, paint, type Marks, type Screen, type Style } from './screen.js';
import { tableText } from './table.js';

const LOOKS: Readonly<Record<CheckOutcome['outcome'], readonly [keyof Marks, Style]>> = {
  passed: ['done', 'good'],
  failed: ['failed', 'bad'],
  'not-applicable': ['waiting', 'quiet'],
};

/** Every check of every database, then what failed with samples and what to do, then the sums. */
export function validationText(validation: ValidateResultAnswer, { screen }: Pick<Run, 'screen'>): string {
  const { databases, passed, failed, notApplicable } = validation;
  const sums = [`${String(passed)} passed`, `${String(failed)} failed`, `${String(notApplicable)} not applicable`];
  const style = failed === 0 ? 'good' : 'bad';
  return [
    ...databases.map((database) => databaseText(database, screen)),
    paint(screen.colour.out, style, sums.join(', ')),
  ].join('\n\n');
}

function databaseText({ alias, server, database, checks }: ValidateDatabaseResult, screen: Screen): string {
  const marks = marksOf(screen);
  const table = tableText(
    checks,
    [
      { title: 'CHECK', rank: 0, cell: ({ name }) => name },
      {
        title: 'OUTCOME',
        rank: 0,
        cell: ({ outcome }) => `${marks[LOOKS[outcome][0]].trim()} ${outcome.replace('-', ' ')}`,
        paint: (text, { outcome }) => paint(screen.colour.out, LOOKS[outcome][1], text),
      },
      { title: 'FOUND', rank: 1, cell: ({ outcome, count }) => (outcome === 'failed' ? String(count) : '') },
      { title: 'CATEGORY', rank: 2, cell: ({ category }) => category },
      { title: 'RULE', rank: 3, cell: ({ message }) => message },
    ],
    screen.width,
  );
  const failures = checks.filter(({ outcome }) => outcome === 'failed').map(failureText);
  return [paint(screen.colour.out, 'strong', `${alias}  ${server}/${database}`), table, ...failures].join('\n\n');
}

function failureText({ name, message, count, samples, remedy }: CheckOutcome): string {
  const more = count > samples.length && samples.length > 0 ? [`and ${String(count - samples.length)} more`] : [];
  const rows: [string, readonly string[]][] = [
    ['rule', [message]],
    ['found', [...samples, ...more]],
    ['do', remedy === undefined ? [] : [remedy]],
  ];
  const lines = rows.flatMap(([title, texts]) =>
    texts.map((text, at) => `  ${(at === 0 ? title : '').padEnd(7)}${text}`),
  );
  return [name, ...lines].join('\n');
}
