import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A table of a page, with the heading it stands under. */
export interface Table {
  readonly heading: string;
  readonly columns: readonly string[];
  /** Cells as written, Markdown and all. */
  readonly rows: readonly (readonly string[])[];
}

export interface Fence {
  readonly language: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

export interface MarkdownPage {
  readonly file: string;
  readonly headings: readonly string[];
  readonly tables: readonly Table[];
  readonly fences: readonly Fence[];
  /** Targets of its links, as written. */
  readonly links: readonly string[];
  /** Without fences. */
  readonly prose: string;
}

/** Folders that hold no pages of ours. */
const ELSEWHERE = new Set(['node_modules', 'dist', 'coverage', '.git', '.rehome']);

/** Every Markdown file of the project. */
export function markdownFiles(folder = '.'): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ELSEWHERE.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

export function readPage(file: string): MarkdownPage {
  const lines = readFileSync(file, 'utf8').split('\n');
  const fences: Fence[] = [];
  const prose: string[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  lines.forEach((line, index) => {
    const mark = /^\s*```(\S*)/.exec(line);
    if (open === undefined && mark !== null) open = { language: mark[1] ?? '', line: index + 2, lines: [] };
    else if (open === undefined) prose.push(line);
    else if (mark === null) open.lines.push(line);
    else {
      fences.push({ language: open.language, line: open.line, text: open.lines.join('\n') });
      open = undefined;
    }
  });
  return { file, fences, prose: prose.join('\n'), ...readProse(prose) };
}

/** What stands in backticks, in order. */
export function names(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, name]) => name ?? []);
}

/** Anchor of a heading, as the usual renderers make it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}

function readProse(lines: readonly string[]): Pick<MarkdownPage, 'headings' | 'tables' | 'links'> {
  const headings: string[] = [];
  const tables: { heading: string; columns: readonly string[]; rows: (readonly string[])[] }[] = [];
  let inTable = false;
  for (const line of lines) {
    const heading = /^#+\s+(.+?)\s*$/.exec(line)?.[1];
    if (heading !== undefined) headings.push(heading);
    const cells = line.startsWith('|') ? cellsOf(line) : undefined;
    if (cells === undefined) inTable = false;
    else if (!inTable) {
      tables.push({ heading: headings.at(-1) ?? '', columns: cells, rows: [] });
      inTable = true;
    } else if (!cells.every((cell) => /^:?-+:?$/.test(cell))) tables.at(-1)?.rows.push(cells);
  }
  const links = [...lines.join('\n').matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => target ?? []);
  return { headings, tables, links };
}

function cellsOf(line: string): string[] {
  return line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}
