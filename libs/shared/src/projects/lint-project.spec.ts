import { describe, expect, it } from '@jest/globals';
import { loadedProject } from './project-test-kit.js';
import { readProjectFolder } from './bundle/read-folder.js';
import { loadProject } from './load-project.js';
import { lintProject, refusingFindings } from './lint-project.js';

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
    expect(lintProject(await loadedProject(files)).map(({ rule, path }) => `${path} ${rule}`)).toEqual([
      'migrations/side/0002_longer.up.sql column-type-change',
    ]);
  });

  it('that wants it so is refused for a danger, never for advice [d32]', async () => {
    const files = {
      'migrations/shop/0001_orders.up.sql': 'create table orders (id int primary key);',
      'migrations/shop/0002_index.up.sql': '-- requires: 0001\ncreate index on orders (id);',
    };
    const findings = lintProject(await loadedProject({ ...files, 'project.yaml': YAML }));
    expect(findings.map(({ rule }) => rule)).toEqual(['int-primary-key', 'index-without-concurrently']);
    const strict = await loadedProject({ ...files, 'project.yaml': `${YAML}lint: error\n` });
    expect(refusingFindings(strict, findings).map(({ rule }) => rule)).toEqual(['index-without-concurrently']);
    expect(refusingFindings(await loadedProject({ ...files, 'project.yaml': YAML }), findings)).toEqual([]);
  });

  it.each(['examples/epsm', 'examples/fossawork'])(
    'of the examples is safe but for advice: %s [d32]',
    async (folder) => {
      const collected = await readProjectFolder(folder);
      const outcome = collected.ok ? await loadProject(collected.files) : collected;
      const findings = outcome.ok ? lintProject(outcome.project) : outcome.problems;
      expect(findings.filter((finding) => !('advice' in finding))).toEqual([]);
    },
  );
});
