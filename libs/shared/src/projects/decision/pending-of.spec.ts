import { beforeAll, describe, expect, it } from '@jest/globals';
import type { MigrationStatus } from '../../contracts/projects.js';
import type { SelectedDatabase } from '../../contracts/steps/project-steps.js';
import type { LoadedProject } from '../load-project.js';
import { loadedProject } from '../project-test-kit.js';
import { idOf } from '../version-words.js';
import { initialTables } from './initial-migrations.js';
import { pendingOf, type PendingAnswer } from './pending-of.js';
import { rowOf, THREE_DATABASES } from './decision-test-kit.js';

let epsm: LoadedProject;
beforeAll(async () => {
  epsm = await loadedProject(THREE_DATABASES);
});

interface Given {
  readonly database: SelectedDatabase;
  /** Status by id. */
  readonly rows?: Readonly<Record<string, MigrationStatus>>;
  readonly existing?: readonly string[];
  readonly project?: LoadedProject;
}

function pending({ database, rows = {}, existing = [], project = epsm }: Given): PendingAnswer {
  const tracked = Object.entries(rows).map(([id, status]) => rowOf(project, id, status));
  return pendingOf({ project, database, rows: tracked, existing: new Set(existing) });
}

function actions(given: Given): string[] {
  const answer = pending(given);
  expect(answer.problems).toEqual([]);
  return answer.pending.map((one) => `${idOf(one)} ${one.action}`);
}

describe('what is pending on a database', () => {
  it('is every migration on a fresh one: run at home, only recorded where its tables live elsewhere [e2]', () => {
    expect(actions({ database: { alias: 'default' } })).toEqual([
      'accounts/0001 run',
      'database/0001 elsewhere',
      'simulation/0001 run',
      'simulation/0002 run',
      'simulation/0003 run',
      'simulation/0004 elsewhere',
      'simulation/0005 elsewhere',
    ]);
    expect(actions({ database: { alias: 'materials', apps: ['database'] } })).toEqual(['database/0001 run']);
  });

  it('is nothing when all is settled, whichever way', () => {
    const rows = { 'simulation/0001': 'applied', 'simulation/0002': 'faked', 'simulation/0003': 'elsewhere' } as const;
    expect(actions({ database: { alias: 'results', apps: ['simulation'], to: '0003' }, rows })).toEqual([]);
  });

  it('is again what failed or was rolled back', () => {
    const rows = {
      'simulation/0001': 'failed',
      'simulation/0002': 'rolled_back',
      'simulation/0003': 'applied',
    } as const;
    const database = { alias: 'default', apps: ['simulation'], to: 'simulation/0003' };
    expect(actions({ database, rows })).toEqual(['simulation/0001 run', 'simulation/0002 run']);
  });

  it('is again what was recorded as elsewhere and lives here by now', () => {
    const rows = { 'simulation/0001': 'elsewhere' } as const;
    expect(actions({ database: { alias: 'default', apps: ['simulation'], to: '0001' }, rows })).toEqual([
      'simulation/0001 run',
    ]);
  });

  it.each(['0002', '0002_status', 'simulation/0002', 'simulation/0002_status'])(
    'goes up to %s, with what that requires',
    (to) => {
      expect(actions({ database: { alias: 'default', to } })).toEqual([
        'accounts/0001 run',
        'simulation/0001 run',
        'simulation/0002 run',
      ]);
    },
  );

  it('is nothing of an app that has no part in the version that is asked for', () => {
    expect(actions({ database: { alias: 'materials', apps: ['database'], to: 'simulation/0005' } })).toEqual([]);
  });

  it.each([
    [{ alias: 'default', to: '0009' }, 'to of default: no migration is called "0009"'],
    [{ alias: 'default', to: '0001' }, 'may be accounts/0001, database/0001, simulation/0001; write which'],
    [{ alias: 'default', fakeTo: 'x' }, 'fakeTo of default: no migration is called "x"'],
    [{ alias: 'nowhere' }, 'no database is called "nowhere"; known: default, materials, results'],
    [{ alias: 'results', apps: ['simulaton'] }, 'no migrations of an app "simulaton" for results'],
  ])('cannot be told for %j', (database, message) => {
    expect(pending({ database })).toMatchObject({ pending: [], problems: [expect.stringContaining(message)] });
  });
});

describe('a fake', () => {
  it('records everything up to a version, and the rest is run [e6]', () => {
    expect(actions({ database: { alias: 'results', apps: ['simulation'], fakeTo: '0003' } })).toEqual([
      'simulation/0001 fake',
      'simulation/0002 fake',
      'simulation/0003 fake',
      'simulation/0004 run',
      'simulation/0005 run',
    ]);
  });

  it('records the first migration of an app only where all that it makes stands there [e4] [e7]', () => {
    const database = { alias: 'default', apps: ['simulation', 'accounts'], fakeInitial: true, to: 'simulation/0002' };
    expect(initialTables(epsm, database)).toEqual(['users', 'sessions', 'simulation_runs']);
    expect(actions({ database, existing: ['users', 'sessions'] })).toEqual([
      'accounts/0001 fake',
      'simulation/0001 run',
      'simulation/0002 run',
    ]);
  });

  it('is refused where only some of it stands there [e7]', () => {
    const { problems } = pending({
      database: { alias: 'default', apps: ['accounts'], fakeInitial: true },
      existing: ['users'],
    });
    expect(problems).toEqual([
      'accounts/0001_initial cannot be faked: users exist, sessions do not; make what is lacking, or drop what is there',
    ]);
  });

  it('is not needed where the tables live elsewhere', () => {
    const database = { alias: 'results', apps: ['simulation'], fakeInitial: true, to: '0001' };
    expect(initialTables(epsm, database)).toEqual([]);
    expect(actions({ database })).toEqual(['simulation/0001 elsewhere']);
  });
});

describe('a migration outside of transactions', () => {
  const FILES = { 'migrations/shop/1_a.up.sql': '-- transaction: off\nvacuum;' };

  it('goes on after what its last attempt finished [d23]', async () => {
    const project = await loadedProject(FILES);
    const database = { alias: 'main' };
    const running = pending({ project, database, rows: { 'shop/1': 'running' } });
    expect(running).toMatchObject({ pending: [{ transactional: false, interrupted: true }], drift: [] });
    expect(pending({ project, database, rows: { 'shop/1': 'failed' } }).pending).toMatchObject([{ interrupted: true }]);
    expect(pending({ project, database, rows: { 'shop/1': 'rolled_back' } }).pending[0]).not.toHaveProperty(
      'interrupted',
    );
  });

  it('begins again when its script was corrected after it failed', async () => {
    const project = await loadedProject(FILES);
    const rows = [{ ...rowOf(project, 'shop/1', 'failed'), checksum: 'other' }];
    const answer = pendingOf({ project, database: { alias: 'main' }, rows, existing: new Set() });
    expect(answer.pending[0]).not.toHaveProperty('interrupted');
    expect(answer.drift).toEqual([]);
  });
});

describe('what is recorded', () => {
  it('drifts when a file is changed or gone after it was applied', () => {
    const gone = { app: 'old', version: '1', name: 'x', status: 'applied', checksum: 'x' } as const;
    const changed = { ...rowOf(epsm, 'simulation/0001', 'applied'), checksum: 'x' };
    const elsewhere = { ...rowOf(epsm, 'simulation/0004', 'elsewhere'), checksum: 'x' };
    const { drift } = pendingOf({
      project: epsm,
      database: { alias: 'default' },
      rows: [gone, changed, elsewhere],
      existing: new Set(),
    });
    expect(drift).toEqual([
      { kind: 'file-missing', what: 'old/1', detail: expect.stringContaining('bring it back') },
      {
        kind: 'file-changed',
        what: 'simulation/0001',
        detail: expect.stringContaining('was changed after it was applied'),
      },
    ]);
  });
});

describe('migrations that exclude each other', () => {
  it.each([{ 'shop/1': 'applied' }, {}] as const)('are refused in one database, given %j [d3]', async (rows) => {
    const project = await loadedProject({
      'migrations/shop/1_a.up.sql': 'select 1;',
      'migrations/shop/2_b.up.sql': '-- conflicts: 1\nselect 2;',
    });
    expect(pending({ project, database: { alias: 'main' }, rows }).problems).toEqual([
      expect.stringContaining('shop/2_b and shop/1_a exclude each other'),
    ]);
    const rolledBack = { 'shop/1': 'rolled_back' } as const;
    expect(pending({ project, database: { alias: 'main', to: '2' }, rows: rolledBack }).problems).toHaveLength(1);
  });
});
