import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewEvent } from '#shared/contracts/events.js';
import type { DatabaseHealth } from '#shared/contracts/projects.js';
import { healthStream, registryStream } from '#shared/contracts/streams.js';
import { silentLogger } from '#shared/observability/logger.js';
import { Metrics } from '#shared/observability/metrics.js';
import { createTestLedger, type TestLedger } from '../../../../../test/harness/ledger.js';
import { HealthWatch, type LookAtProject } from './health-watch.js';
import { measureProjects } from './project-metrics.js';
import { ProjectHealthStore } from './project-health-store.js';
import { RegisteredProjects } from './registered-projects.js';

const OK: DatabaseHealth = {
  alias: 'main',
  server: 'main',
  database: 'shop',
  state: 'healthy',
  detail: 'ok',
  applied: 1,
  pending: [],
  pendingCount: 0,
  failed: [],
  drift: [],
  tables: 1,
  missingTables: [],
  missingCriticalTables: [],
  durationMs: 5,
};
const BEHIND: DatabaseHealth = { ...OK, state: 'behind', detail: '1 pending: app/2_more', pendingCount: 1 };

let ledger: TestLedger;
let project: string;

beforeAll(async () => {
  ledger = await createTestLedger();
}, 60_000);

afterAll(() => ledger.close());

beforeEach(async () => {
  project = `shop-${randomUUID().slice(0, 8)}`;
  await ledger.query('delete from executor.project_watch');
  await register(project);
});

async function register(name: string): Promise<void> {
  const eventId = randomUUID();
  const event: NewEvent = {
    eventId,
    type: 'ProjectRegistered',
    schemaVersion: 1,
    data: { name, digest: 'd'.repeat(64), databases: ['main'] },
    metadata: { correlationId: eventId, causationId: eventId, actor: 'key:test' },
  };
  const stream = registryStream('project', name);
  await ledger.planner.writer.append({ appends: [{ stream, expected: 'any', events: [event] }], effects: [] });
}

function watchOf(owner: string, look: LookAtProject, intervalMs = 60_000): HealthWatch {
  const { writer, reader, pools } = ledger.executor;
  const store = new ProjectHealthStore({ ledger: writer, reader, reads: pools.reads, owner });
  const only: LookAtProject = (pin, servers, signal) =>
    pin.name === project ? look(pin, servers, signal) : Promise.resolve([]);
  const parts = { registered: new RegisteredProjects(reader), store, look: only, leases: pools.leases, owner };
  return new HealthWatch({ ...parts, logger: silentLogger() }, intervalMs);
}

async function due(): Promise<void> {
  await ledger.query(`update executor.project_watch set due_at = '-infinity'`);
}

async function told(): Promise<unknown[]> {
  const events = await ledger.executor.reader.readStream(healthStream(project));
  return events.map(({ data }) => data);
}

const subject = (): string => `project:${project}/main`;

describe('the watch over projects', () => {
  it('tells the ledger only when something changed, and keeps what it saw last [e12] [d29]', async () => {
    let seen = OK;
    const watch = watchOf('a', () => Promise.resolve([seen]));
    const looks: DatabaseHealth[] = [OK, { ...OK, durationMs: 9 }, BEHIND, BEHIND, OK];
    for (const health of looks) {
      seen = health;
      await due();
      expect(await watch.lookOnce()).toContain(project);
    }
    expect(await told()).toEqual([
      { subject: subject(), healthy: true, detail: 'ok' },
      { subject: subject(), healthy: false, detail: 'behind: 1 pending: app/2_more' },
      { subject: subject(), healthy: true, detail: 'ok' },
    ]);
    const rows = await ledger.query<{ state: string; digest: string }>(
      'select state, digest from executor.project_health where project = $1',
      [project],
    );
    expect(rows).toEqual([{ state: 'healthy', digest: 'd'.repeat(64) }]);
  });

  it('looks at a project again when its time has come, not sooner', async () => {
    const watch = watchOf('a', () => Promise.resolve([OK]));
    expect(await watch.lookOnce()).toContain(project);
    expect(await watch.lookOnce()).toEqual([]);
  });

  it('lets one executor at a time look at a project', async () => {
    const gate = new EventTarget();
    const reached = new EventTarget();
    const inside = once(reached, 'now');
    const first = watchOf('a', async () => {
      reached.dispatchEvent(new Event('now'));
      await once(gate, 'open');
      return [OK];
    });
    const looking = first.lookOnce();
    await inside;
    expect(await watchOf('b', () => Promise.resolve([OK])).lookOnce()).not.toContain(project);
    gate.dispatchEvent(new Event('open'));
    expect(await looking).toContain(project);
  });

  it('is taken over by another when the one that looked died', async () => {
    await watchOf('a', () => Promise.resolve([OK])).lookOnce();
    await ledger.query(`
      update executor.project_watch
      set owner = 'dead', due_at = '-infinity', lease_until = clock_timestamp() - interval '1 ms'
    `);
    expect(await watchOf('b', () => Promise.resolve([BEHIND])).lookOnce()).toContain(project);
  });

  it('tells a change once when two see it at once', async () => {
    const { writer, reader, pools } = ledger.executor;
    const store = (owner: string) => new ProjectHealthStore({ ledger: writer, reader, reads: pools.reads, owner });
    const pin = { name: project, digest: 'd'.repeat(64) };
    await Promise.all(['a', 'b', 'c'].map((owner) => store(owner).record(pin, [BEHIND], new Date())));
    expect(await told()).toHaveLength(1);
  });

  it('does not let an earlier look replace a later one', async () => {
    const { writer, reader, pools } = ledger.executor;
    const store = new ProjectHealthStore({ ledger: writer, reader, reads: pools.reads, owner: 'a' });
    const pin = { name: project, digest: 'd'.repeat(64) };
    await store.record(pin, [OK], new Date(2_000));
    await store.record(pin, [BEHIND], new Date(1_000));
    const rows = await ledger.query('select state from executor.project_health where project = $1', [project]);
    expect(rows).toEqual([{ state: 'healthy' }]);
  });

  it('goes on with others after one that cannot be read, and ends when it is stopped', async () => {
    const watch = watchOf('a', () => Promise.reject(new Error('no such files')), 10);
    await expect(watch.lookOnce()).rejects.toThrow('no such files');
    watch.start();
    await watch.stop();
    const rows = await ledger.query('select owner from executor.project_watch where project = $1', [project]);
    expect(rows).toEqual([{ owner: null }]);
  });

  it('says of the databases of a project that cannot be read that they are unknown [d29]', async () => {
    await watchOf('a', () => Promise.resolve([BEHIND])).lookOnce();
    await due();
    const unread = watchOf('a', () => Promise.reject(new Error('no such files')));
    await expect(unread.lookOnce()).rejects.toThrow('no such files');
    const rows = await ledger.query<{ state: string; health: DatabaseHealth }>(
      'select state, health from executor.project_health where project = $1',
      [project],
    );
    const detail = 'it could not be looked at: no such files';
    expect(rows).toMatchObject([{ state: 'unknown', health: { detail, pendingCount: 1 } }]);
    expect((await told()).at(-1)).toMatchObject({ healthy: false, detail: `unknown: ${detail}` });
  });

  it('measures what is pending, failed and drifted [d29]', async () => {
    const drift = [{ kind: 'structure', what: 'table public.stray', detail: 'was made by no migration' } as const];
    await watchOf('a', () =>
      Promise.resolve([{ ...BEHIND, pendingCount: 7, failed: ['app/2_more'], drift }]),
    ).lookOnce();
    const metrics = new Metrics();
    const { reader, pools } = ledger.executor;
    await measureProjects(pools.reads, new RegisteredProjects(reader), metrics);
    const values = ['healthy', 'pending', 'failed', 'drift'].map(
      (name) => new RegExp(`^rehome_project_${name}\\{project="${project}",database="main"\\} (\\S+)$`, 'm'),
    );
    const text = await metrics.text();
    expect(values.map((value) => value.exec(text)?.[1])).toEqual(['0', '7', '1', '1']);
  });

  it('counts how long nobody has looked at a database that was never seen [d29]', async () => {
    const metrics = new Metrics();
    const { reader, pools } = ledger.executor;
    await measureProjects(pools.reads, new RegisteredProjects(reader), metrics);
    expect(await metrics.text()).toMatch(
      new RegExp(`^rehome_project_unseen_seconds\\{project="${project}",database="main"\\} [0-9.]+$`, 'm'),
    );
  });

  it('never looks when it is switched off', async () => {
    const watch = watchOf('a', () => Promise.resolve([OK]), 0);
    watch.start();
    await watch.stop();
    expect(await told()).toEqual([]);
  });
});
