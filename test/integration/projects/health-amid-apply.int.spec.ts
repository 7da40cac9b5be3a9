import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { DatabaseHealth } from '#shared/contracts/projects.js';
import type { ProjectPin } from '#shared/contracts/steps/project-steps.js';
import { checkDatabase } from '../../../apps/executor/src/health/projects/check-database.js';
import { lookParts } from '../../../apps/executor/src/health/projects/look-at-project.js';
import { givenProjectDatabase } from '../../harness/given-project-database.js';
import { HeldLock } from '../../harness/held-lock.js';
import { projectYaml, type ProjectSources } from '../../harness/project-rig.js';
import { runPostgresUrl } from '../../harness/run-addresses.js';

const SHOP: ProjectSources = {
  'project.yaml': projectYaml('shop'),
  'migrations/main/v001_orders.up.sql': 'create table orders (id int primary key, total int);\n',
  'migrations/main/v002_by_total.up.sql':
    '-- requires: v001\n-- transaction: off\ncreate index concurrently by_total on orders (total);\n',
};

const { rig, database } = givenProjectDatabase();

async function look(pin: ProjectPin): Promise<DatabaseHealth> {
  const project = await rig().tools.projects.load(pin);
  const [main] = project.definition.databases;
  if (main === undefined) throw new RangeError('the project has no database');
  const parts = lookParts(
    { tools: rig().tools, sessionName: 'rehome health' },
    { project, signal: new AbortController().signal },
  );
  const { address, owner } = database();
  return checkDatabase({ ...main, database: address.database, roles: { owner } }, rig().server, parts);
}

describe('the health of a database whose index is being built', () => {
  it('is behind while the build waits for others and goes on, neither failed nor drifted, then healthy [d25] [d29]', async () => {
    const project = await rig().push(SHOP);
    const [orders, index] = await rig().pending(project, 'main');
    if (orders === undefined || index === undefined) throw new RangeError('two versions are expected');
    const params = { project, database: rig().migrated(database()), appliedBy: 'key:deploy' };
    await rig().attempt({ kind: 'apply-migrations', params: { ...params, migrations: [orders] } });
    expect(await look(project)).toMatchObject({ state: 'behind', detail: '1 pending: main/v002_by_total' });

    const held = await HeldLock.take(runPostgresUrl(), database().address.database, 'orders in row exclusive mode');
    const migrationId = randomUUID();
    const run = rig().attempt({ kind: 'apply-migrations', params: { ...params, migrations: [index] }, migrationId });
    await held.waiters();
    const amid = { state: 'behind', detail: 'being applied: main/v002_by_total', failed: [], drift: [] };
    expect(await look(project)).toMatchObject(amid);
    await held.release();
    await run;
    expect(await look(project)).toMatchObject({ state: 'healthy', pendingCount: 0 });
  }, 60_000);
});
