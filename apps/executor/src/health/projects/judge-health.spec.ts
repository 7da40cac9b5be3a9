import { beforeAll, describe, expect, it } from '@jest/globals';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { loadedProject } from '#shared/projects/project-test-kit.js';
import type { TrackingRow } from '../../projects/tracking/tracking-rows.js';
import { judgeHealth, type DatabaseFindings } from './judge-health.js';

const RESULTS = { alias: 'results', server: 'main', database: 'epsm_results', minimumTables: 1 };
const YAML = `name: epsm
databases:
  default: { server: main, database: epsm_db }
  results: { server: main, database: epsm_results }
router: { default: default, rules: [{ match: "result*", to: results }] }
`;

/** Migrations of one app by version, each with the table that it makes. */
function projectWith(tables: Readonly<Record<string, string>>): Promise<LoadedProject> {
  const files = Object.entries(tables).map(([version, table]) => [
    `migrations/simulation/${version}_step.up.sql`,
    `create table ${table} (id int primary key);`,
  ]);
  return loadedProject({ 'project.yaml': YAML, ...(Object.fromEntries(files) as Record<string, string>) });
}

let epsm: LoadedProject;
let found: DatabaseFindings;

beforeAll(async () => {
  epsm = await projectWith({ '0001': 'results', '0002': 'result_zones', '0003': 'runs' });
  found = {
    schemas: ['public'],
    missingSchemas: [],
    beingMigrated: false,
    owner: 'epsm_results_user',
    tables: ['public.results'],
    missingTables: [],
    missingCriticalTables: [],
    standing: [standing('0001', { status: 'faked' }), standing('0002')],
    drift: [],
  };
});

function standing(version: string, more: Partial<TrackingRow> = {}): TrackingRow {
  return {
    app: 'simulation',
    version,
    name: 'step',
    schema: 'public',
    checksum: epsm.migrations.find((one) => one.version === version)?.checksum ?? 'none',
    status: 'applied',
    executionTimeMs: 1,
    appliedBy: 'key:deploy',
    appliedAt: `2026-11-21T00:00:0${version.at(-1) ?? '0'}.000Z`,
    ...more,
  };
}

function judge(changes: Partial<DatabaseFindings>, project = epsm) {
  return judgeHealth(RESULTS, project, { ...found, ...changes });
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
      tableNames: ['public.results'],
      owner: 'epsm_results_user',
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

  it('names at most twenty pending ones and counts all', async () => {
    const names = Array.from({ length: 30 }, (_, n) => [String(n).padStart(4, '0'), `result_${String(n)}`]);
    const many = await projectWith(Object.fromEntries(names) as Record<string, string>);
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

  it('is behind while one is being applied, and unhealthy when it was cut off [d25] [d29]', () => {
    const running = [standing('0001'), standing('0002', { status: 'running' })];
    expect(judge({ standing: running, beingMigrated: true })).toMatchObject({
      state: 'behind',
      detail: 'being applied: simulation/0002_step',
      failed: [],
    });
    expect(judge({ standing: running })).toMatchObject({ state: 'unhealthy', detail: 'failed: simulation/0002_step' });
    const failed = [standing('0001', { status: 'failed' }), standing('0002', { status: 'running' })];
    expect(judge({ standing: failed, beingMigrated: true })).toMatchObject({ failed: ['simulation/0001_step'] });
  });

  it('is unhealthy without a critical table, whatever is pending; without an expected one when nothing is [e12]', () => {
    const missing = { missingTables: ['public.results'] };
    expect(judge({ ...missing, standing: [] }).state).toBe('behind');
    expect(judge(missing)).toMatchObject({
      state: 'unhealthy',
      detail: 'tables are missing: public.results',
    });
    expect(judge({ standing: [], missingCriticalTables: ['public.results'] })).toMatchObject({
      state: 'unhealthy',
      detail: 'critical tables are missing: public.results',
    });
  });

  it('is unhealthy with fewer tables than it must have [e12]', () => {
    expect(judge({ tables: [] })).toMatchObject({ state: 'unhealthy', detail: '0 tables, at least 1 are expected' });
  });

  it('is behind when what lives here by now was recorded as elsewhere', () => {
    expect(judge({ standing: [standing('0001'), standing('0002', { status: 'elsewhere' })] }).state).toBe('behind');
  });

  it('is drifted when a file was changed or is gone, or the structure is another [d29]', async () => {
    const drift = [{ kind: 'structure', what: 'table public.x', detail: 'was made by no migration' } as const];
    expect(judge({ drift })).toMatchObject({ state: 'drifted', detail: 'table public.x: was made by no migration' });
    const changed = [standing('0001', { checksum: 'another' }), standing('0002')];
    expect(judge({ standing: changed })).toMatchObject({
      state: 'drifted',
      drift: [{ kind: 'file-changed', what: 'simulation/0001' }],
    });
    expect(judge({}, await projectWith({ '0002': 'result_zones' }))).toMatchObject({
      state: 'drifted',
      drift: [{ kind: 'file-missing', what: 'simulation/0001' }],
    });
  });
});
