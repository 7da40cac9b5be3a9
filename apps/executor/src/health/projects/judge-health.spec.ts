import { describe, expect, it } from '@jest/globals';
import { judgeHealth, type DatabaseFindings, type ProjectMigration, type StandingMigration } from './judge-health.js';

const RESULTS = { alias: 'results', server: 'main', database: 'epsm_results', minimumTables: 1 };

function migration(version: string, more: Partial<ProjectMigration> = {}): ProjectMigration {
  return { app: 'simulation', version, name: 'step', checksum: `sum ${version}`, home: 'results', ...more };
}

function standing(version: string, more: Partial<StandingMigration> = {}): StandingMigration {
  return {
    app: 'simulation',
    version,
    name: 'step',
    schema: 'public',
    checksum: `sum ${version}`,
    status: 'applied',
    appliedAt: `2026-11-21T00:00:0${version.at(-1) ?? '0'}.000Z`,
    ...more,
  };
}

const MIGRATIONS = [migration('0001'), migration('0002'), migration('0003', { home: 'default' })];
const FOUND: DatabaseFindings = {
  schemas: ['public'],
  tables: ['public.simulation_results'],
  missingTables: [],
  missingCriticalTables: [],
  standing: [standing('0001', { status: 'faked' }), standing('0002')],
  drift: [],
};

function judge(changes: Partial<DatabaseFindings>, migrations = MIGRATIONS) {
  return judgeHealth(RESULTS, migrations, { ...FOUND, ...changes });
}

describe('the verdict on a database', () => {
  it('is healthy when all at home there is applied or faked, and what lives elsewhere is not missed [e11]', () => {
    expect(judge({})).toMatchObject({
      state: 'healthy',
      detail: 'ok',
      currentVersion: 'simulation/0002_step',
      applied: 2,
      pendingCount: 0,
      tables: 1,
    });
  });

  it('is behind while one of its migrations is not applied in every schema [e12] [d29]', () => {
    const schemas = ['a', 'b'];
    const inBoth = ['0001', '0002'].flatMap((version) => schemas.map((schema) => standing(version, { schema })));
    expect(judge({ schemas, standing: inBoth }).state).toBe('healthy');
    expect(judge({ schemas, standing: inBoth.slice(0, -1) })).toMatchObject({
      state: 'behind',
      detail: '1 pending: simulation/0002_step',
      pending: ['simulation/0002_step'],
    });
  });

  it('names at most twenty pending ones and counts all', () => {
    const many = Array.from({ length: 30 }, (_, n) => migration(String(n).padStart(4, '0')));
    const verdict = judge({ standing: [] }, many);
    expect(verdict.pending).toHaveLength(20);
    expect(verdict).toMatchObject({ pendingCount: 30, detail: expect.stringContaining('and 27 more') });
    expect(verdict).not.toHaveProperty('currentVersion');
  });

  it('is unhealthy after a failed migration, and one that was taken back is pending again [d23]', () => {
    expect(judge({ standing: [standing('0001'), standing('0002', { status: 'failed' })] })).toMatchObject({
      state: 'unhealthy',
      detail: 'failed: simulation/0002_step',
      failed: ['simulation/0002_step'],
      pendingCount: 1,
    });
    expect(judge({ standing: [standing('0001'), standing('0002', { status: 'rolled_back' })] }).state).toBe('behind');
  });

  it('is unhealthy without a critical table, whatever is pending; without an expected one when nothing is [e12]', () => {
    const missing = { missingTables: ['public.simulation_results'] };
    expect(judge({ ...missing, standing: [] }).state).toBe('behind');
    expect(judge(missing)).toMatchObject({
      state: 'unhealthy',
      detail: 'tables are missing: public.simulation_results',
    });
    expect(judge({ standing: [], missingCriticalTables: ['public.simulation_results'] })).toMatchObject({
      state: 'unhealthy',
      detail: 'critical tables are missing: public.simulation_results',
    });
  });

  it('is unhealthy with fewer tables than it must have [e12]', () => {
    expect(judge({ tables: [] })).toMatchObject({ state: 'unhealthy', detail: '0 tables, at least 1 are expected' });
  });

  it('is drifted when a file was changed or is gone, or the structure is another [d29]', () => {
    const drift = [{ kind: 'structure', what: 'table public.x', detail: 'was made by no migration' } as const];
    expect(judge({ drift })).toMatchObject({ state: 'drifted', detail: 'table public.x: was made by no migration' });
    expect(judge({}, [migration('0001', { checksum: 'another' }), migration('0002')]).drift).toEqual([
      {
        kind: 'file-changed',
        what: 'simulation/0001',
        detail: 'the file of simulation/0001_step was changed after it was applied',
      },
    ]);
    expect(judge({}, [migration('0002')])).toMatchObject({
      state: 'drifted',
      drift: [{ kind: 'file-missing', what: 'simulation/0001' }],
    });
  });
});
