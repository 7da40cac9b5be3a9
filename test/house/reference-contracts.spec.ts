import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { STEP_VERSIONS, isStepKind } from '#shared/contracts/steps/step-kinds.js';
import { STEPS } from '../../apps/executor/src/steps/step-registry.js';
import { STEP_TRAITS } from '../../apps/planner/src/planning/step-traits.js';
import { expectAgreement, expectCells } from './agreement.js';
import { DeclaredTypes, literalMembers, referredName } from './declared-types.js';
import { names, readPage } from './markdown-page.js';

const CONTRACTS = 'libs/shared/src/contracts';
const STEP_FILES = readdirSync(join(CONTRACTS, 'steps'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .map((file) => join(CONTRACTS, 'steps', file));
const types = new DeclaredTypes([join(CONTRACTS, 'events.ts'), join(CONTRACTS, 'registry.ts'), ...STEP_FILES]);

describe('docs/reference/events.md', () => {
  const page = 'docs/reference/events.md';
  const source = 'libs/shared/src/contracts/events.ts';
  const rows = readPage(page)
    .tables.filter(({ columns }) => columns[0] === 'event')
    .flatMap((table) => table.rows);
  const events = types.membersOf('EventTypes');
  const run = types.fieldsOf('StepRunKey');
  const attempt = types.fieldsOf('StepAttempt');

  /** `_run_ `kind`` as the names it stands for. */
  function fieldsIn(cell: string): string[] {
    return cell.split(/\s+/).flatMap((word) => {
      if (word === '_run_') return run;
      return word === '_attempt_' ? attempt : names(word);
    });
  }

  it('names every event and nothing else', () => {
    const onPage = rows.flatMap(([cell = '']) => names(cell).slice(0, 1));
    expectAgreement({ page, onPage, source, declared: events.map(([name]) => name), entry: 'a row' });
  });

  it('names every field of each event and nothing else', () => {
    for (const [event, type] of events) {
      const row = rows.find(([cell = '']) => cell === `\`${event}\``);
      expectAgreement({
        page: `${page}, ${event}`,
        onPage: fieldsIn(row?.[2] ?? ''),
        source,
        declared: types.fieldsOf(type),
        entry: 'a field',
      });
    }
  });
});

describe('docs/reference/steps.md', () => {
  const file = 'docs/reference/steps.md';
  const page = readPage(file);
  const kinds = Object.keys(STEP_VERSIONS).filter(isStepKind);
  const stepTypes = new Map(types.membersOf('StepTypes'));

  function partsOf(kind: string): ReadonlyMap<string, string> {
    const table = page.tables.find(({ heading }) => heading === `\`${kind}\``);
    return new Map((table?.rows ?? []).map(([part = '', what = '']) => [part, what]));
  }

  function fieldsOf(kind: string, part: 'params' | 'result'): string[] {
    const type = stepTypes.get(kind);
    const member = type === undefined ? undefined : literalMembers(type).get(part);
    return member === undefined ? [] : types.fieldsOf(referredName(member));
  }

  it('has a section for every kind of step and for nothing else', () => {
    const onPage = page.headings.filter((heading) => heading.startsWith('`')).flatMap(names);
    const source = `${CONTRACTS}/steps/step-kinds.ts`;
    expectAgreement({ page: file, onPage, source, declared: kinds, entry: 'a section' });
  });

  it.each(kinds)('says of %s what it takes, answers, probes, undoes and what fences it', (kind) => {
    expect([...partsOf(kind).keys()]).toEqual(['params', 'result', 'probe', 'undo', 'fenced by']);
    expect([...partsOf(kind)].filter(([, what]) => what === '')).toEqual([]);
  });

  it.each(kinds)('names the params and the result of %s', (kind) => {
    for (const part of ['params', 'result'] as const) {
      const onPage = [...new Set(names(partsOf(kind).get(part) ?? ''))];
      const source = `${CONTRACTS}/steps`;
      expectAgreement({
        page: `${file}, ${part} of ${kind}`,
        onPage,
        source,
        declared: fieldsOf(kind, part),
        entry: 'a name',
      });
    }
  });

  it('says which undo restores service, which step has none, and which changes nothing', () => {
    expectCells(
      file,
      'the code',
      kinds.flatMap((kind) => {
        const undo = partsOf(kind).get('undo') ?? '';
        const { restoresService } = STEP_TRAITS[kind];
        const { undo: way, readsOnly = false } = STEPS[kind];
        const fencedBy = partsOf(kind).get('fenced by') ?? '';
        return [
          {
            at: `${kind}, restores service`,
            found: String(undo.includes('restores service')),
            wanted: String(restoresService),
          },
          { at: `${kind}, none`, found: String(undo.startsWith('none:')), wanted: String(typeof way !== 'function') },
          {
            at: `${kind}, changes nothing`,
            found: String(fencedBy.startsWith('it changes nothing')),
            wanted: String(readsOnly),
          },
        ];
      }),
    );
  });
});
