import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { StepView } from '#shared/contracts/answers.js';
import { stepsView } from './live-steps.js';
import { summaryLine, type ShownMigration } from './step-lines.js';
import type { ProgressMode } from './screen.js';

const NOON = Date.parse('2026-11-29T12:00:00Z');

function step(id: string, status: StepView['status'], progress: StepView['progress'] = null): StepView {
  const place = { id, kind: id, title: id, phase: 'prepare', down: false, attempt: 1, generation: 1 } as const;
  return { ...place, status, progress, startedAt: null, finishedAt: null, error: null };
}

const STEPS = [
  step('create-database', 'succeeded'),
  step('restore-database', 'running', { done: 13, total: 21, unit: 'tables' }),
  step('start-service', 'waiting'),
];

function migration(more: Partial<ShownMigration> = {}): ShownMigration {
  return {
    migrationId: '0193',
    kind: 'upgrade',
    status: 'migrating',
    subject: 'instance:acme',
    title: 'upgrade of acme',
    requestedBy: 'key:operator',
    dryRun: false,
    request: {},
    plan: null,
    planHash: null,
    approval: null,
    warnings: [],
    checks: [],
    steps: STEPS,
    downtimeMs: 0,
    pointOfNoReturnPassed: false,
    reasons: [],
    haltedAt: null,
    leftovers: [],
    runAt: null,
    createdAt: '2026-11-29T11:00:00.000Z',
    updatedAt: '2026-11-29T11:00:00.000Z',
    position: '1',
    ...more,
  };
}

/** What is written of states, each with its seconds after noon. */
function drawn(progress: ProgressMode, states: readonly (readonly [number, Partial<ShownMigration>])[]): string {
  const stream = new PassThrough();
  const screen = { unicode: false, accessible: false, colour: { out: false, err: false }, width: 80, canAsk: false };
  const view = stepsView(stream, { ...screen, again: '', progress });
  for (const [seconds, state] of states) view.draw(migration(state), NOON + seconds * 1000);
  return String(stream.read() ?? '');
}

describe('progress without a terminal', () => {
  it('gives a sign of life every 30 seconds, with n of m and the time in UTC, and no line between', () => {
    const lines = drawn('plain', [
      [0, {}],
      [10, {}],
      [29, {}],
      [30, {}],
      [59, {}],
      [60, {}],
    ]).split('\n');
    expect(lines.filter((line) => line.includes('migrating:'))).toEqual([
      '   2026-11-29 12:00:00Z  migrating: 1 done, 1 active, 1 waiting; 2/3 restore-database 13/21 tables  ~61%',
      '   2026-11-29 12:00:30Z  migrating: 1 done, 1 active, 1 waiting; 2/3 restore-database 13/21 tables  ~61%',
      '   2026-11-29 12:01:00Z  migrating: 1 done, 1 active, 1 waiting; 2/3 restore-database 13/21 tables  ~61%',
    ]);
  });

  it('says at once how it stands before there are steps, and of every change', () => {
    const unplanned = { steps: [] };
    const text = drawn('plain', [
      [0, { ...unplanned, status: 'scheduled', runAt: '2026-11-29T13:00:00.000Z' }],
      [1, { ...unplanned, status: 'scheduled' }],
      [2, { ...unplanned, status: 'inspecting' }],
      [3, { status: 'completed', steps: [step('create-database', 'succeeded')] }],
    ]);
    expect(text).toBe(
      [
        '   2026-11-29 12:00:00Z  scheduled: begins at 2026-11-29 13:00:00Z',
        '   2026-11-29 12:00:02Z  inspecting: its plan is being made',
        ' +  1/1 create-database               create-database',
        '   2026-11-29 12:00:03Z  completed: 1 done, 0 active, 0 waiting',
        '',
      ].join('\n'),
    );
  });
});

describe('progress at a terminal', () => {
  it('is there before there are steps, and is redrawn in its own lines', () => {
    expect(drawn('tty', [[0, { steps: [], status: 'scheduled' }]])).toContain('scheduled: waits for its turn');
    expect(
      drawn('tty', [
        [0, {}],
        [1, {}],
      ]),
    ).toContain('\u001b[4A');
  });

  it('says in ASCII, too, that steps are left out', () => {
    const many = Array.from({ length: 60 }, (_, at) => step(`s${String(at)}`, at < 30 ? 'succeeded' : 'waiting'));
    expect(drawn('tty', [[0, { steps: many.with(30, step('s30', 'running')) }]])).toMatch(/ {3}\.\.\. 30 before$/m);
  });
});

it.each(['json', 'none'] as const)('no steps are drawn with --progress=%s', (progress) => {
  expect(drawn(progress, [[0, {}]])).toBe('');
});

describe('an estimate', () => {
  it.each(['plain', 'tty'] as const)('stops at 99 %% until it is verified: %s', (progress) => {
    const full = step('restore-database', 'running', { done: 21, total: 21, unit: 'tables' });
    const text = drawn(progress, [[0, { steps: [full] }]]);
    expect(text).toContain('~99%');
    expect(text).not.toContain('100%');
  });
});

it('done, active and waiting add up to the steps there are', () => {
  expect(summaryLine(migration())).toBe('   migrating: 1 done, 1 active, 1 waiting');
});

describe('the downtime of a move that is under way', () => {
  const down = (id: string, status: StepView['status']): StepView => ({ ...step(id, status), down: true });
  const told = (steps: readonly StepView[]) => summaryLine(migration({ steps, downtimeMs: 9_000 }));

  it('ends with the last step that is down, whatever its kind, or with the undo of the first', () => {
    expect(told([down('fence-source', 'succeeded'), down('publish-database', 'running')])).toMatch(
      /application down for 9\.0 s$/,
    );
    for (const steps of [
      [down('fence-source', 'succeeded'), down('publish-database', 'succeeded'), step('retire-source', 'waiting')],
      [down('fence-source', 'undone'), down('publish-database', 'undone'), step('capture-source', 'undoing')],
    ])
      expect(told(steps)).toMatch(/application was down for 9\.0 s$/);
  });
});
