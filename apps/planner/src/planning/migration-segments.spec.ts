import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PendingMigration } from '#shared/contracts/projects.js';
import { segmentsOf, type MigrationQueue, type MigrationSegment } from './migration-segments.js';
import { migration } from './project-test-kit.js';

function ordered(queues: readonly MigrationQueue[]): readonly MigrationSegment[] {
  const outcome = segmentsOf(queues);
  if (outcome.outcome === 'ordered') return outcome.segments;
  throw new Error(`stuck: ${outcome.waiting.join(', ')}`);
}

const told = (segments: readonly MigrationSegment[]) =>
  segments.map(
    ({ alias, migrations }) => `${alias}: ${migrations.map(({ app, version }) => `${app}/${version}`).join(' ')}`,
  );

describe('The order of migrations over several databases', () => {
  test('is one segment for each database when none needs another [e3]', () => {
    const queues = ['default', 'materials', 'results'].map((alias) => ({
      alias,
      pending: [migration(`${alias}/0001_initial`), migration(`${alias}/0002_more`)],
    }));
    expect(told(ordered(queues))).toEqual([
      'default: default/0001 default/0002',
      'materials: materials/0001 materials/0002',
      'results: results/0001 results/0002',
    ]);
  });

  test('waits with a database until what it requires is made on the other', () => {
    const queues = [
      { alias: 'results', pending: [migration('simulation/0004_results', { requires: ['simulation/0003'] })] },
      { alias: 'default', pending: [migration('simulation/0003_files')] },
    ];
    expect(told(ordered(queues))).toEqual(['default: simulation/0003', 'results: simulation/0004']);
  });

  test('changes the database as seldom as what they require of each other allows', () => {
    const queues = [
      {
        alias: 'default',
        pending: [migration('a/0001'), migration('a/0003', { requires: ['a/0002'] }), migration('a/0005')],
      },
      { alias: 'results', pending: [migration('a/0002', { requires: ['a/0001'] }), migration('a/0004')] },
    ];
    expect(told(ordered(queues))).toEqual(['default: a/0001', 'results: a/0002 a/0004', 'default: a/0003 a/0005']);
  });

  test('lets a record of what lives elsewhere wait for nothing', () => {
    const queues = [
      {
        alias: 'default',
        pending: [migration('a/0001'), migration('a/0002', { action: 'elsewhere', requires: ['a/0001'] })],
      },
      {
        alias: 'results',
        pending: [
          migration('a/0001', { action: 'elsewhere' }),
          migration('a/0002', { requires: ['a/0001'] }),
          migration('a/0003', { action: 'elsewhere', requires: ['a/0002'] }),
        ],
      },
    ];
    expect(told(ordered(queues))).toEqual(['default: a/0001 a/0002', 'results: a/0001 a/0002 a/0003']);
  });

  test('names those that wait for each other', () => {
    const queues = [
      { alias: 'one', pending: [migration('a/0001', { requires: ['b/0001'] })] },
      { alias: 'two', pending: [migration('b/0001', { requires: ['a/0001'] })] },
    ];
    expect(segmentsOf(queues)).toEqual({ outcome: 'stuck', waiting: ['a/0001 on one', 'b/0001 on two'] });
  });

  test('keeps each order, misses nothing and holds every requirement, whatever they are', () => {
    fc.assert(
      fc.property(projects(), (queues) => {
        const segments = ordered(queues);
        for (const { alias, pending } of queues)
          expect(segments.filter((one) => one.alias === alias).flatMap(({ migrations }) => migrations)).toEqual(
            pending,
          );
        expect(tooEarly(segments)).toEqual([]);
        // Neighbours of one database are one segment.
        expect(segments.every(({ alias }, at) => segments[at + 1]?.alias !== alias)).toBe(true);
      }),
    );
  });
});

/** Every migration stands on each database, runs on one of them and requires only what comes before it. */
function projects(): fc.Arbitrary<MigrationQueue[]> {
  const one = fc.record({ home: fc.nat(2), requires: fc.array(fc.nat(), { maxLength: 3 }) });
  return fc.array(one, { maxLength: 12 }).map((all) =>
    [0, 1, 2].map((alias) => ({
      alias: `db${String(alias)}`,
      pending: all.map(({ home, requires }, at) =>
        migration(`app/${String(at)}`, {
          action: home === alias ? 'run' : 'elsewhere',
          requires: at === 0 ? [] : requires.map((index) => `app/${String(index % at)}`),
        }),
      ),
    })),
  );
}

function tooEarly(segments: readonly MigrationSegment[]): string[] {
  const made = new Set<string>();
  const problems: string[] = [];
  const isRun = ({ action }: PendingMigration) => action === 'run';
  for (const { app, version, requires = [] } of segments.flatMap(({ migrations }) => migrations.filter(isRun))) {
    problems.push(...requires.filter((id) => !made.has(id)).map((id) => `${app}/${version} before ${id}`));
    made.add(`${app}/${version}`);
  }
  return problems;
}
