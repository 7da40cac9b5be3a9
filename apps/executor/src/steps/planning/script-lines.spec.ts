import { describe, expect, it } from '@jest/globals';
import { toStepId } from '#shared/contracts/ids.js';
import type { PlannedStep } from '#shared/contracts/plan.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { loadedProject } from '#shared/projects/project-test-kit.js';
import { ScriptLines } from './script-lines.js';

const TABLE = 'create table orders (id bigint primary key);';
const FILES = {
  'migrations/main/0001_orders.up.sql': `${TABLE}\n`,
  'migrations/main/0001_orders.down.sql': 'drop table orders;\n',
  'migrations/main/0002_long.up.sql': `create table long (id bigint primary key);\n${'-- and so on\n'.repeat(1_000)}`,
  'rollback/emergency.sql': 'drop table if exists orders;\n',
};

function step(kind: StepKind, params: JsonObject): PlannedStep {
  const id = toStepId(kind);
  const rest = {
    reversible: true,
    down: false,
    restoresService: false,
    pointOfNoReturn: 'before',
    timeoutMs: 1,
  } as const;
  return { id, kind, version: 1, params, inputs: {}, after: [], phase: 'switch', title: kind, ...rest };
}

const scripts = () => new ScriptLines(() => loadedProject(FILES));
const applying = (...migrations: { app: string; version: string; action: string }[]) =>
  step('apply-migrations', { project: { name: 'shop' }, migrations });
const FIRST = { app: 'main', version: '0001', action: 'run' };

describe('a dry run of a project', () => {
  it('tells what stands in the files that are run, and nothing of those that are only recorded', async () => {
    const lines = await scripts().of(applying(FIRST, { app: 'main', version: '0002', action: 'elsewhere' }));
    expect(lines).toEqual([{ tool: 'file', at: 'migrations/main/0001_orders.up.sql', text: TABLE }]);
  });

  it('tells each file once, however many databases it is run on', async () => {
    const told = scripts();
    expect(await told.of(applying(FIRST))).toHaveLength(1);
    expect(await told.of(applying(FIRST))).toEqual([]);
  });

  it('says how much of a long file it leaves out', async () => {
    const [line] = await scripts().of(applying({ app: 'main', version: '0002', action: 'run' }));
    expect(line?.text.length).toBeLessThan(9_000);
    expect(line?.text).toMatch(/… \d+ more characters in the file$/);
  });

  it('tells the down script of a revert, or the script that takes its place', async () => {
    const migration = { app: 'main', version: '0001', name: 'orders' };
    const project = { name: 'shop' };
    const [down] = await scripts().of(step('revert-migration', { project, migration }));
    expect(down).toMatchObject({ at: 'migrations/main/0001_orders.down.sql', text: 'drop table orders;' });
    const script = 'rollback/emergency.sql';
    const [other] = await scripts().of(step('revert-migration', { project, migration, script }));
    expect(other).toMatchObject({ at: script, text: 'drop table if exists orders;' });
  });
});
