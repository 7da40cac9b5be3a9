import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlannedStep } from '#shared/contracts/plan.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { compile } from '../../apps/planner/src/planning/compile.js';
import { RECIPE_KINDS } from '../../apps/planner/src/planning/recipe-registry.js';
import { upgradeRecipe } from '../../apps/planner/src/planning/recipes/upgrade.recipe.js';
import { FACTS, upgradeRequest } from '../../apps/planner/src/planning/upgrade-test-kit.js';
import { parseCatalogue } from '../../apps/planner/src/registry/catalogue.js';
import { expectAgreement } from './agreement.js';
import { DeclaredTypes } from './declared-types.js';
import { names, readPage, type Table } from './markdown-page.js';

/** Literals like `judge('locale'` or `reach('relay.sent'` in all sources below a folder, specs excepted. */
function literals(folder: string, pattern: RegExp): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  return sources.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(pattern)].flatMap(([, name]) => name ?? []),
  );
}

const unique = (list: readonly string[]): string[] => [...new Set(list)];

describe('docs/reference/recipes.md', () => {
  const file = 'docs/reference/recipes.md';
  const page = readPage(file);
  const tablesBy = (firstColumn: string): Table[] => page.tables.filter(({ columns }) => columns[0] === firstColumn);

  it('has a section for every kind of migration and for nothing else', () => {
    const onPage = page.headings.filter((heading) => heading.startsWith('`')).flatMap(names);
    const source = 'apps/planner/src/planning/recipe-registry.ts';
    expectAgreement({ page: file, onPage, source, declared: RECIPE_KINDS, entry: 'a section' });
  });

  it('shows the steps of a move in the order, phase and way back of the plan that is compiled', () => {
    const compiled = compile(upgradeRecipe, upgradeRequest(), asJsonObject(FACTS));
    if (compiled.outcome !== 'plan') throw new Error('the sample tenant was refused');
    expect(tablesBy('step').flatMap(({ rows }) => rows)).toEqual(compiled.plan.steps.map(rowOf));
  });

  it('names every check and nothing else', () => {
    const declared = unique([
      ...literals('apps/executor/src/postgres/inspection', /judge\(\s*'([a-z-]+)'/g),
      ...literals('apps/executor/src/steps/inspection', /judge\(\s*'([a-z-]+)'/g),
      ...literals('apps/planner/src/planning/recipes', /^ {4}name: '([a-z-]+)',/gm),
    ]);
    const onPage = tablesBy('check').flatMap(({ rows }) => rows.flatMap(([cell = '']) => names(cell)));
    expectAgreement({ page: file, onPage, source: 'the checks in the code', declared, entry: 'a row' });
  });

  it('names every option of a request and nothing else', () => {
    const onPage = tablesBy('option').flatMap(({ rows }) => rows.flatMap(([cell = '']) => names(cell)));
    const source = 'libs/shared/src/contracts/requests/migration-options.request.ts';
    const declared = [...readFileSync(source, 'utf8').matchAll(/^ {2}readonly (\w+)\?:/gm)].flatMap(
      ([, name]) => name ?? [],
    );
    expectAgreement({ page: file, onPage, source, declared, entry: 'a row' });
  });
});

function rowOf({ id, phase, down, reversible, restoresService, pointOfNoReturn }: PlannedStep): string[] {
  const undo = restoresService ? 'undo, restores service' : 'undo';
  const point = pointOfNoReturn === 'before' ? '' : pointOfNoReturn;
  return [`\`${id}\``, phase, down ? 'down' : 'up', reversible ? undo : 'nothing', point];
}

describe('docs/reference/configuration.md', () => {
  const file = 'docs/reference/configuration.md';

  it('names every fault point and nothing else', () => {
    const found = ['apps', 'libs'].flatMap((folder) => literals(folder, /\breach\(\s*['`]([^'`]+)['`]/g));
    // `attempt.ts` reaches its own by what comes behind `step.<kind>.`; the forwarding call itself is none.
    const declared = unique(found)
      .map((name) => name.replace('${kind}', '<kind>'))
      .filter((name) => !name.includes('${'))
      .map((name) => (/^(step|relay|process-manager)\./.test(name) ? name : `step.<kind>.${name}`));
    const tables = readPage(file).tables.filter(({ columns }) => columns[0] === 'fault point');
    const onPage = tables.flatMap(({ rows }) => rows.flatMap(([cell = '']) => names(cell)));
    expectAgreement({ page: file, onPage, source: 'the calls of reach() in the code', declared, entry: 'a row' });
  });
});

describe('docs/reference/catalogue.md', () => {
  const file = 'docs/reference/catalogue.md';
  const example = readPage(file).fences.find(({ language }) => language === 'yaml')?.text ?? '';

  it('shows a catalogue that the planner takes', () => {
    const { definitions, problems } = parseCatalogue(example);
    expect(problems).toEqual([]);
    expect(unique(definitions.map(({ type }) => type))).toHaveLength(6);
  });

  it('shows every field that a definition may have', () => {
    const types = new DeclaredTypes(['libs/shared/src/contracts/registry.ts']);
    const nouns = [
      'ServerDefinition',
      'EntitlementsDefinition',
      'ServiceDefinition',
      'SourceDefinition',
      'PolicyDefinition',
      'InstanceDefinition',
    ];
    const parts = ['ConfigFileDefinition', 'ConnectionKeys', 'HttpServiceDriver', 'CommandServiceDriver'];
    // Their own names are the keys of the file.
    const keys = new Set(['name', 'plan', 'source', 'instanceId']);
    const fields = unique(
      [...nouns, ...parts].flatMap((type) => types.fieldsOf(type)).map((field) => field.replace('?', '')),
    );
    const missing = fields.filter((field) => !keys.has(field) && !new RegExp(`\\b${field}:`).test(example));
    expect(missing.map((field) => `${file}: show ${field} in the example`)).toEqual([]);
  });
});
