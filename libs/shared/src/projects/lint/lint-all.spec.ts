import { describe, expect, it } from '@jest/globals';
import { loadedProject } from '../project-test-kit.js';
import { readProjectFolder } from '../bundle/read-folder.js';
import { loadProject } from '../load-project.js';
import { lintAll } from './lint.js';

const YAML = `name: shop
databases:
  main: { server: main, database: shop_db }
  side: { server: main, database: side_db, }
router: { default: main, apps: { side: side } }
`;

const WIDER = 'alter table orders alter column no type varchar(40);';

describe('a project', () => {
  it('is held, file by file, against what was applied before on the same database', async () => {
    const files = {
      'project.yaml': YAML,
      'migrations/shop/0001_orders.up.sql': 'create table orders (id bigint primary key, no varchar(20));',
      'migrations/shop/0002_wider.up.sql': `-- requires: 0001\n${WIDER}`,
      'migrations/side/0001_notes.up.sql': 'create table notes (id bigint primary key, no varchar(20));',
      'migrations/side/0002_longer.up.sql': 'alter table notes alter column no type varchar(10);',
    };
    expect(lintAll((await loadedProject(files)).migrations).map(({ rule, path }) => `${path} ${rule}`)).toEqual([
      'migrations/side/0002_longer.up.sql column-type-change',
    ]);
  });

  it.each(['examples/epsm', 'examples/fossawork'])(
    'of the examples is safe but for advice: %s [d32]',
    async (folder) => {
      const collected = await readProjectFolder(folder);
      const outcome = collected.ok ? await loadProject(collected.files) : collected;
      const findings = outcome.ok ? lintAll(outcome.project.migrations) : outcome.problems;
      expect(findings.filter((finding) => !('advice' in finding))).toEqual([]);
    },
  );
});
