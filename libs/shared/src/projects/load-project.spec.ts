import { describe, expect, it } from '@jest/globals';
import { loadProject } from './load-project.js';
import type { ProjectProblem } from './migration-file.js';
import { projectOf, YAML } from './project-test-kit.js';

const TABLE = 'create table orders (id bigint primary key);';

async function problemsOf(files: Readonly<Record<string, string>>): Promise<readonly ProjectProblem[]> {
  const outcome = await loadProject(projectOf(files));
  return outcome.ok ? [] : outcome.problems;
}

describe('a project', () => {
  it('is loaded with its migrations in order, each with its checksum and its home', async () => {
    const outcome = await loadProject(
      projectOf({
        'migrations/shop/0002_items.up.sql': '-- requires: 0001\ncreate table items (id int references orders);',
        'migrations/shop/0001_orders.up.sql': TABLE,
        'migrations/shop/0001_orders.down.sql': 'drop table orders;',
      }),
    );
    expect(outcome).toMatchObject({
      ok: true,
      project: {
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        migrations: [
          {
            id: 'shop/0001',
            creates: ['orders'],
            home: 'main',
            transactional: true,
            down: { statements: [{ line: 1 }] },
          },
          { id: 'shop/0002', touches: ['items', 'orders'], requires: ['shop/0001'] },
        ],
      },
    });
  });

  it('gives a version once in an app [d1]', async () => {
    const problems = await problemsOf({
      'migrations/shop/v001_orders.up.sql': TABLE,
      'migrations/shop/v001_other.up.sql': 'create table other (id int);',
      'migrations/stock/v001_items.up.sql': 'create table items (id int);',
    });
    expect(problems).toEqual([
      {
        path: 'migrations/shop/v001_other.up.sql',
        message:
          'is shop/v001 like migrations/shop/v001_orders.up.sql; a version, which ends at the first underscore, is given once: take the next one',
      },
    ]);
  });

  it('verifies by queries only, and by none that writes', async () => {
    const problems = await problemsOf({
      'migrations/shop/v001_orders.up.sql': TABLE,
      'migrations/shop/v001_orders.verify.sql':
        'select true;\nvalues (true);\nwith gone as (delete from orders returning id) select count(*) > 0 from gone;\n' +
        'select 1 into copied;\ncreate table other (id int);\n',
    });
    expect(problems).toEqual(
      [3, 4, 5].map((line) => ({
        path: 'migrations/shop/v001_orders.verify.sql',
        line,
        message: expect.stringContaining('only queries may stand in a verification'),
      })),
    );
  });

  it('refuses unknown requirements with file and line [d3]', async () => {
    const problems = await problemsOf({ 'migrations/shop/v001_orders.up.sql': `-- why\n-- requires: v009\n${TABLE}` });
    expect(problems).toEqual([
      {
        path: 'migrations/shop/v001_orders.up.sql',
        line: 2,
        message: 'no migration is called "shop/v009"; the last one is shop/v001_orders',
      },
    ]);
  });

  it('refuses requirements that run in a circle and names it [d3]', async () => {
    const problems = await problemsOf({
      'migrations/shop/v001_a.up.sql': `-- requires: v002\n${TABLE}`,
      'migrations/shop/v002_b.up.sql': '-- requires: v001\nselect 1;',
    });
    expect(problems).toMatchObject([
      { line: 1, message: expect.stringContaining('shop/v001 → shop/v002 → shop/v001') },
    ]);
  });

  it('tells every problem of every file at once', async () => {
    const problems = await problemsOf({
      'project.yaml': YAML.replace('server: main', 'server: main, colour: red'),
      'migrations/shop/orders.sql': TABLE,
      'migrations/shop/v001_a.up.sql': 'creat table a ();',
      'migrations/shop/v002_b.down.sql': 'drop table b;',
    });
    expect(problems.map(({ path, line }) => [path, line])).toEqual([
      ['migrations/shop/orders.sql', undefined],
      ['migrations/shop/v001_a.up.sql', 1],
      ['migrations/shop/v002_b.down.sql', undefined],
      ['project.yaml', 3],
    ]);
  });
});
