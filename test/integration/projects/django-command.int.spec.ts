import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../../scripts/stack/project-root.js';
import { findDjango } from '../../harness/django.js';
import { ProjectRig, projectYaml, type RigDatabase } from '../../harness/project-rig.js';

const python = findDjango();

// Debian's or PyPI's Django, where there is a Python at all.
(python === undefined ? describe.skip : describe)('manage.py migrate as a step (python3 with Django)', () => {
  let rig: ProjectRig;
  let database: RigDatabase;
  let program: string;

  beforeAll(async () => {
    const path = ['-c', 'import sys; print(sys.executable)'];
    program = execFileSync(python ?? '', path, { encoding: 'utf8' }).trim();
    rig = await ProjectRig.create({ settings: { REHOME_ALLOWED_PROGRAMS: program } });
    database = await rig.database();
  }, 240_000);
  afterAll(() => rig?.close(), 60_000);

  it('reads its database from the variables of its settings, and makes everything for the owner', async () => {
    const project = await rig.push({ 'project.yaml': projectYaml('shop') });
    const manage = join(projectRoot(), 'test/projects/django/manage.py');
    const argv = [program, '-B', manage, 'migrate', 'accounts', '--noinput'];
    const params = { project, name: 'django', database: rig.migrated(database), argv };
    const { output } = await rig.attempt({ kind: 'run-command', params });
    expect(output.join('\n')).toContain('Applying accounts.0002_sessions... OK');
    const owners = await rig.rows<{ owner: string }>(
      database.address.database,
      `select distinct tableowner as owner from pg_tables where schemaname = 'public'`,
    );
    expect(owners).toEqual([{ owner: database.owner }]);
  });
});
