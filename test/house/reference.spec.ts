import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { STEP_VERSIONS } from '#shared/contracts/steps/step-kinds.js';
import { RECIPE_KINDS } from '../../apps/planner/src/planning/recipe-registry.js';
import { formatPage } from '../../scripts/reference/format-page.js';
import { registryPages } from '../../scripts/reference/registry-pages.js';

const REFERENCE = 'docs/reference';

/** Names in the first column of a page's tables. */
function namesOnPage(file: string): string[] {
  const text = readFileSync(join(REFERENCE, file), 'utf8');
  return [...text.matchAll(/^\| `([^`]+)`/gm)].flatMap(([, name]) => name ?? []);
}

/** Members of an interface as its source declares them; types are gone when the tests run. */
function membersOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const found = source.statements.filter(ts.isInterfaceDeclaration).find((node) => node.name.text === name);
  return (found?.members ?? []).flatMap((node) =>
    node.name !== undefined && ts.isIdentifier(node.name) ? node.name.text : [],
  );
}

function markdownFiles(): string[] {
  const docs = readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((file) => join('docs', file));
  return [...docs.filter((file) => file.endsWith('.md')), 'README.md', 'CONTRIBUTING.md'];
}

/** Targets of its links that are files here. */
function linksOf(file: string): string[] {
  const links = [...readFileSync(file, 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)];
  return links.flatMap(([, target]) => (target === undefined || /^[a-z]+:/.test(target) ? [] : target));
}

describe('the reference', () => {
  it.each(registryPages())('$file says what the registry says (npm run reference)', async (page) => {
    expect(readFileSync(join(REFERENCE, page.file), 'utf8')).toBe(await formatPage(page));
  });

  it('names every kind of step, and nothing else', () => {
    expect(namesOnPage('steps.md').sort()).toEqual(Object.keys(STEP_VERSIONS).sort());
  });

  it('names every kind of migration that can be planned, and nothing else', () => {
    expect(namesOnPage('recipes.md').sort()).toEqual([...RECIPE_KINDS].sort());
  });

  it('names every event, and nothing else', () => {
    const events = membersOf('libs/shared/src/contracts/events.ts', 'EventTypes');
    expect(events.length).toBeGreaterThan(30);
    expect(namesOnPage('events.md').sort()).toEqual(events.sort());
  });
});

describe('the documents', () => {
  it.each(markdownFiles())('%s links only to what is there', (file) => {
    expect(linksOf(file).filter((target) => !existsSync(join(dirname(file), target)))).toEqual([]);
  });
});
