import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InspectProjectResult, ProjectPin, SelectedDatabase } from '#shared/contracts/steps/project-steps.js';
import { ProjectRig, type ProjectSources, type RigDatabase } from '../../harness/project-rig.js';

let rig: ProjectRig;
let main: RigDatabase;
let materials: RigDatabase;

const MATERIALS = 'create table materials (id int primary key, name text not null);\n';

beforeAll(async () => {
  rig = await ProjectRig.create();
  [main, materials] = [await rig.database(), await rig.database()];
}, 60_000);

afterAll(async () => {
  await rig.close();
}, 60_000);

function sources(more: ProjectSources = {}): ProjectSources {
  const entry = ({ address, owner }: RigDatabase): string =>
    `{ server: main, database: ${address.database}, roles: { owner: ${owner} } }`;
  return {
    'project.yaml':
      `name: rooms\ndatabases:\n  default: ${entry(main)}\n  materials: ${entry(materials)}\n` +
      'router:\n  default: default\n  apps: { database: materials }\n',
    'migrations/rooms/0001_initial.up.sql': 'create table rooms (id int primary key);\n',
    'migrations/database/0001_initial.up.sql': MATERIALS,
    'migrations/database/0002_density.up.sql': 'alter table materials add column density int;\n',
    ...more,
  };
}

async function inspect(project: ProjectPin, databases?: readonly SelectedDatabase[]): Promise<InspectProjectResult> {
  const params = { project, servers: [rig.server], backup: false, ...(databases === undefined ? {} : { databases }) };
  return rig.attempt({ kind: 'inspect-project', params });
}

describe('databases behind one router', () => {
  it('refuses a script that would work in two of them [e15]', async () => {
    const both = {
      'migrations/rooms/0002_both.up.sql': 'alter table rooms add a int; alter table materials add b int;\n',
    };
    await expect(rig.push(sources(both))).rejects.toThrow(/rooms[\s\S]*materials|materials[\s\S]*rooms/);
  });

  it('records one app on its own where it stands, proven, and runs the rest there [e5]', async () => {
    const { database: name } = materials.address;
    await rig.rows(name, `set role ${materials.owner}; ${MATERIALS}`);
    const project = await rig.push(sources());
    const asked = [{ alias: 'materials', apps: ['database'], fakeInitial: true }];
    const { databases, checks } = await inspect(project, asked);
    expect(checks.filter(({ passed, severity }) => !passed && severity === 'error')).toEqual([]);
    const [found] = databases;
    expect(found?.pending.map(({ app, version, action }) => [app, version, action])).toEqual([
      ['database', '0001', 'fake'],
      ['database', '0002', 'run'],
    ]);
    const pending = found?.pending ?? [];
    const database = { ...rig.migrated(materials), alias: 'materials' };
    const faked = pending.filter(({ action }) => action === 'fake');
    await rig.attempt({ kind: 'prove-fakes', params: { project, database, migrations: faked } });
    const params = { project, database, migrations: pending, appliedBy: 'key:deploy' };
    const result = await rig.attempt({ kind: 'apply-migrations', params });
    expect(result.migrations.map(({ status }) => status)).toEqual(['faked', 'applied']);
    expect((await inspect(project, asked)).databases[0]?.pending).toEqual([]);
  });

  it('refuses what requires a version that stands nowhere and is not asked for [d32]', async () => {
    const needs = {
      'migrations/rooms/0002_walls.up.sql': '-- requires: 0001\nalter table rooms add walls int;\n',
      'migrations/walls/0001_initial.up.sql': '-- requires: rooms/0002\ncreate table walls (id int);\n',
    };
    const project = await rig.push(sources(needs));
    const { checks } = await inspect(project, [{ alias: 'default', apps: ['walls'] }]);
    expect(checks.find(({ name }) => name === 'requirements')).toMatchObject({
      passed: false,
      found: expect.stringContaining('requires rooms/0002'),
    });
  });
});
