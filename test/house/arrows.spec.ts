import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cruise, type IConfiguration } from 'dependency-cruiser';
import extractDepcruiseConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A small house in which every file breaks one rule; each line is `file: what it imports`. */
const BROKEN: readonly { readonly rule: string; readonly file: string; readonly imports: string }[] = [
  { rule: 'apps-are-strangers', file: 'apps/planner/src/a.ts', imports: '../../executor/src/main.js' },
  { rule: 'apps-are-strangers', file: 'apps/cli/src/commands/m.ts', imports: '../../../executor/src/main.js' },
  {
    rule: 'in-process-takes-whole-parts',
    file: 'apps/cli/src/in-process/n.ts',
    imports: '../../../planner/src/migration/decision.js',
  },
  { rule: 'library-knows-no-app', file: 'libs/shared/src/b.ts', imports: '../../../apps/executor/src/main.js' },
  { rule: 'library-knows-no-app', file: 'libs/client/src/k.ts', imports: '../../../apps/executor/src/main.js' },
  { rule: 'services-need-no-client', file: 'apps/executor/src/l.ts', imports: '#client/rehome-client.js' },
  { rule: 'apps-know-no-tooling', file: 'apps/planner/src/c.ts', imports: '../../../test/harness/database.js' },
  { rule: 'harness-needs-no-tests', file: 'test/harness/o.ts', imports: '../integration/attempts.js' },
  { rule: 'pure-rooms-stay-pure', file: 'apps/planner/src/planning/d.ts', imports: 'node:fs' },
  { rule: 'pure-rooms-stay-pure', file: 'apps/planner/src/planning/e.ts', imports: '#shared/ledger/append.js' },
  { rule: 'pure-rooms-stay-pure', file: 'apps/planner/src/migration/decide.ts', imports: 'node:crypto' },
  {
    rule: 'pure-rooms-know-no-effects',
    file: 'apps/planner/src/migration/evolve.ts',
    imports: './process-manager.js',
  },
  { rule: 'contracts-stand-alone', file: 'libs/shared/src/contracts/f.ts', imports: '../ledger/append.js' },
  { rule: 'no-cycles', file: 'apps/executor/src/g.ts', imports: './h.js' },
  { rule: 'no-barrels', file: 'apps/executor/src/i.ts', imports: './room/index.js' },
  { rule: 'nothing-unresolved', file: 'apps/executor/src/j.ts', imports: './nowhere.js' },
];

const SOUND: readonly { readonly file: string; readonly imports?: string }[] = [
  { file: 'apps/executor/src/main.ts', imports: '#shared/ledger/append.js' },
  { file: 'apps/cli/src/run.ts', imports: '#client/rehome-client.js' },
  { file: 'apps/cli/src/in-process/in-process.ts', imports: '../../../executor/src/executor.js' },
  { file: 'apps/executor/src/executor.ts' },
  { file: 'apps/executor/src/h.ts', imports: './g.js' },
  { file: 'apps/executor/src/room/index.ts' },
  { file: 'apps/planner/src/migration/process-manager.ts', imports: './decision.js' },
  { file: 'apps/planner/src/migration/decision.ts', imports: '#shared/contracts/plan.js' },
  { file: 'apps/planner/src/planning/recipe.ts', imports: '#shared/errors/error-codes.js' },
  { file: 'apps/planner/src/planning/recipe.spec.ts', imports: '../../../../test/harness/database.js' },
  { file: 'libs/client/src/rehome-client.ts', imports: '#shared/contracts/plan.js' },
  { file: 'libs/shared/src/contracts/plan.ts' },
  { file: 'libs/shared/src/errors/error-codes.ts' },
  { file: 'libs/shared/src/ledger/append.ts', imports: '../contracts/plan.js' },
  { file: 'test/harness/database.ts' },
  { file: 'test/integration/attempts.ts', imports: '../harness/database.js' },
];

describe('the arrows of the house', () => {
  let house: string | undefined;
  let rules: IConfiguration = {};
  let found: readonly { readonly rule: string; readonly from: string }[] = [];

  beforeAll(async () => {
    house = buildHouse();
    rules = await extractDepcruiseConfig(join(process.cwd(), '.dependency-cruiser.mjs'));
    found = await violationsIn(house, rules);
  });
  afterAll(() => {
    if (house !== undefined) rmSync(house, { recursive: true, force: true });
  });

  it.each(BROKEN)('$rule: $file may not import $imports', ({ rule, file }) => {
    expect(found).toContainEqual({ rule, from: file });
  });

  it('leave sound files alone', () => {
    // The other half of the cycle is named too.
    const blamed = found.map(({ from }) => from).filter((file) => file !== 'apps/executor/src/h.ts');
    expect(blamed.filter((file) => SOUND.some((sound) => sound.file === file))).toEqual([]);
  });

  it('are each held by an example', () => {
    const needsPackages = ['what-ships-uses-what-ships'];
    const held = new Set(BROKEN.map(({ rule }) => rule));
    const all = (rules.forbidden ?? []).map((rule) => rule.name ?? '');
    expect(all.filter((name) => !held.has(name))).toEqual(needsPackages);
  });
});

function buildHouse(): string {
  const house = mkdtempSync(join(tmpdir(), 'rehome-house-'));
  for (const { file, imports } of [...BROKEN, ...SOUND.map((sound) => ({ imports: undefined, ...sound }))]) {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    const text = imports === undefined ? '' : `import * as other from '${imports}';\nexport const used = other;\n`;
    writeFileSync(join(house, file), `${text}export const name = '${file}';\n`);
  }
  for (const file of ['package.json', 'tsconfig.json', 'tsconfig.base.json']) {
    symlinkSync(join(process.cwd(), file), join(house, file));
  }
  return house;
}

async function violationsIn(house: string, rules: IConfiguration): Promise<{ rule: string; from: string }[]> {
  const { options, ...ruleSet } = rules;
  const cruised = await cruise(['apps', 'libs', 'test'], { ...options, ruleSet, validate: true, baseDir: house });
  if (typeof cruised.output === 'string') throw new Error(cruised.output);
  return cruised.output.summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }));
}
