import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseDocument } from 'yaml';
import { anchorOf, markdownFiles, readPage, type Fence } from './markdown-page.js';

const PAGES = markdownFiles().map(readPage);
const SCRIPTS = scriptsOf(readFileSync('package.json', 'utf8'));

function scriptsOf(text: string): Set<string> {
  const body: unknown = JSON.parse(text);
  if (typeof body !== 'object' || body === null || !('scripts' in body)) return new Set();
  return new Set(Object.keys(body.scripts ?? {}));
}

/** Why a link leads nowhere; undefined when it leads somewhere, or out of the project. */
function brokenLink(file: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const leadsTo = path === '' ? file : normalize(join(dirname(file), path));
  if (!existsSync(leadsTo)) return `${file}: ${target} leads to nothing`;
  if (anchor === undefined || !leadsTo.endsWith('.md')) return undefined;
  const anchors = readPage(leadsTo).headings.map(anchorOf);
  return anchors.includes(anchor) ? undefined : `${file}: ${leadsTo} has no heading for #${anchor}`;
}

function brokenFence({ language, text }: Fence): string | undefined {
  try {
    if (language === 'json') JSON.parse(text);
    if (language !== 'yaml') return undefined;
    return parseDocument(text).errors[0]?.message;
  } catch (error) {
    return String(error);
  }
}

describe('the documents', () => {
  it('link only to what is there', () => {
    expect(PAGES.flatMap(({ file, links }) => links.flatMap((target) => brokenLink(file, target) ?? []))).toEqual([]);
  });

  it('name only commands that package.json has', () => {
    const unknown = PAGES.flatMap(({ file }) =>
      [...readFileSync(file, 'utf8').matchAll(/\bnpm (?:run ([a-z][a-z:-]*)|(test|start)\b)/g)]
        .flatMap(([, script, shortened]) => script ?? shortened ?? [])
        .filter((name) => !SCRIPTS.has(name))
        .map((name) => `${file}: npm run ${name} is no script of package.json`),
    );
    expect(unknown).toEqual([]);
  });

  it('show JSON and YAML that can be read', () => {
    const broken = PAGES.flatMap(({ file, fences }) =>
      fences.flatMap((fence) => {
        const why = brokenFence(fence);
        return why === undefined ? [] : [`${file}:${String(fence.line)} is no ${fence.language}: ${why}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it('fit one screen where they promise it', () => {
    expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThan(90);
  });
});
