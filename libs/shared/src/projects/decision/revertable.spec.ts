import { beforeAll, describe, expect, it } from '@jest/globals';
import type { MigrationStatus } from '../../contracts/projects.js';
import type { LoadedProject } from '../load-project.js';
import { loadedProject } from '../project-test-kit.js';
import { rowOf, THREE_DATABASES } from './decision-test-kit.js';
import { revertable, type RevertAnswer } from './revertable.js';

let epsm: LoadedProject;
beforeAll(async () => {
  epsm = await loadedProject(THREE_DATABASES);
});

type Statuses = Readonly<Record<string, MigrationStatus>>;

function asked(
  version: string,
  rows: Statuses,
  more: { alias?: string; others?: Statuses; withoutDown?: boolean } = {},
): RevertAnswer {
  const rowsOf = (statuses: Statuses) => Object.entries(statuses).map(([id, status]) => rowOf(epsm, id, status));
  const { alias = 'default', others = {}, withoutDown } = more;
  return revertable({
    project: epsm,
    alias,
    version,
    rows: rowsOf(rows),
    otherRows: rowsOf(others),
    ...(withoutDown === undefined ? {} : { withoutDown }),
  });
}

const APPLIED: Statuses = { 'accounts/0001': 'applied', 'simulation/0001': 'applied', 'simulation/0002': 'applied' };

describe('a version', () => {
  it('may be taken back when nothing that stands requires it [d9]', () => {
    expect(asked('0002_status', APPLIED)).toMatchObject({
      ok: true,
      reverted: { app: 'simulation', version: '0002', name: 'status', status: 'applied', action: 'run', hasDown: true },
    });
  });

  it('is kept while others require it, and they are named [d3] [d9]', () => {
    expect(asked('simulation/0001', APPLIED)).toEqual({
      ok: false,
      problems: ['simulation/0001_runs is required by simulation/0002_status; revert it first'],
    });
    expect(asked('simulation/0001', { ...APPLIED, 'simulation/0002': 'rolled_back' }).ok).toBe(true);
  });

  it('is kept while others require it in another database', () => {
    const rows = { 'simulation/0003': 'applied' } as const;
    const answer = asked('0003', rows, { others: { 'simulation/0004': 'applied' }, withoutDown: true });
    expect(answer).toMatchObject({ problems: [expect.stringContaining('required by simulation/0004_results')] });
  });

  it('needs a way back: its down script, or another that is asked for', () => {
    const rows = { 'simulation/0003': 'applied' } as const;
    expect(asked('0003', rows)).toMatchObject({
      problems: [expect.stringContaining('no down script; write migrations/simulation/0003_files.down.sql')],
    });
    expect(asked('0003', rows, { withoutDown: true })).toMatchObject({ ok: true, reverted: { hasDown: false } });
  });

  it.each([
    ['failed', 'failed on default and left nothing behind'],
    ['rolled_back', 'is rolled back already on default'],
  ] as const)('that is %s has nothing to take back', (status, message) => {
    expect(asked('0002', { 'simulation/0002': status })).toMatchObject({
      problems: [expect.stringContaining(message)],
    });
  });

  it('is taken back where it lives, and nowhere else', () => {
    expect(asked('0004', { 'simulation/0004': 'elsewhere' })).toMatchObject({
      problems: [expect.stringContaining('was never run on default; it lives on results')],
    });
    expect(asked('0004', {}, { alias: 'results' })).toMatchObject({
      problems: [expect.stringContaining('is not applied on results')],
    });
  });

  it('is found by its bare number where only one of that number lives there', () => {
    expect(asked('0001', { 'database/0001': 'applied' }, { alias: 'materials', withoutDown: true })).toMatchObject({
      ok: true,
      migration: { id: 'database/0001' },
    });
    expect(asked('0001', APPLIED)).toMatchObject({ problems: [expect.stringContaining('write which')] });
  });

  it('that stopped half-way outside of transactions may be taken back [d23]', async () => {
    const project = await loadedProject({
      'migrations/shop/1_a.up.sql': '-- transaction: off\nvacuum;',
      'migrations/shop/1_a.down.sql': '-- transaction: off\nvacuum;',
    });
    for (const status of ['running', 'failed'] as const)
      expect(revertable({ project, alias: 'main', version: '1', rows: [rowOf(project, 'shop/1', status)] }).ok).toBe(
        true,
      );
  });
});
