import { describe, expect, it } from '@jest/globals';
import type { DatabaseHealth, HealthState, ProjectDatabase } from '#shared/contracts/projects.js';
import { healthOf, statusOf, type Look } from './project-health.js';

const NOW = new Date('2026-11-21T12:00:00.000Z');
const MINUTE = 60_000;
const HEALTHY: DatabaseHealth = {
  ...{ alias: 'main', server: 'main', database: 'shop_db', state: 'healthy', detail: 'ok', applied: 1, pending: [] },
  ...{ pendingCount: 0, failed: [], drift: [], tables: 1, missingTables: [], missingCriticalTables: [], durationMs: 5 },
};
const database = { alias: 'main', server: 'main', database: 'shop_db' } as ProjectDatabase;
const project = { name: 'shop', digest: 'd'.repeat(64), definition: { databases: [database] } as never };

function look(more: Partial<Look> = {}): Map<string, Look> {
  return new Map([['main', { health: HEALTHY, digest: project.digest, checkedAt: NOW, ...more }]]);
}

function judged(looks: ReadonlyMap<string, Look>, staleMs = 10 * MINUTE) {
  const health = healthOf(project, looks, { now: NOW, staleMs });
  const [{ state, detail } = HEALTHY] = health.databases;
  return { state, detail, healthy: health.healthy, migrationNeeded: statusOf(health).migrationNeeded };
}

describe('what the last look tells of now', () => {
  it('is healthy with nothing to do, as long as it is fresh and of these files [d8]', () => {
    expect(judged(look())).toEqual({ state: 'healthy', detail: 'ok', healthy: true, migrationNeeded: false });
  });

  it('is unknown once the look is old: nobody has looked for long [d29]', () => {
    const old = look({ checkedAt: new Date(NOW.getTime() - 11 * MINUTE) });
    expect(judged(old)).toEqual({
      state: 'unknown',
      detail: 'the last look was at 2026-11-21T11:49:00.000Z, which said: ok',
      healthy: false,
      migrationNeeded: true,
    });
    expect(judged(old, 0)).toMatchObject({ state: 'healthy' });
  });

  it('is that a migration is needed where nobody can tell, so that no application starts without it [d8] [e3]', () => {
    expect(judged(new Map())).toMatchObject({ state: 'unknown', migrationNeeded: true });
    expect(judged(look({ digest: 'e'.repeat(64) }))).toMatchObject({ state: 'unknown', migrationNeeded: true });
    const needed = (state: HealthState): boolean => judged(look({ health: { ...HEALTHY, state } })).migrationNeeded;
    expect((['missing', 'unreachable', 'unknown'] as const).map(needed)).toEqual([true, true, true]);
    expect((['healthy', 'drifted'] as const).map(needed)).toEqual([false, false]);
  });
});
