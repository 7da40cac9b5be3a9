import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI_SETTINGS, CLI_SETTING_NAMES, type CliSetting } from '../../apps/cli/src/configuration/cli-settings.js';
import { EXIT } from '../../apps/cli/src/exit-codes.js';
import { buildProgram } from '../../apps/cli/src/program.js';
import { NOUNS } from '../../apps/cli/src/tree/nouns.js';
import { expectAgreement, expectCells } from './agreement.js';
import { names, readPage } from './markdown-page.js';

const page = 'docs/reference/cli.md';
const { tables } = readPage(page);

/** `server put`: every command that does something by itself. */
function commandsOf(command: Command, path = ''): string[] {
  return command.commands.flatMap((child) => {
    const name = path === '' ? child.name() : `${path} ${child.name()}`;
    const group = child.commands.length > 0 && !['submit', 'plan'].includes(name);
    return [...(group ? [] : [name]), ...commandsOf(child, name)];
  });
}

const COMMANDS = commandsOf(buildProgram(() => Promise.resolve()));

describe('docs/reference/cli.md', () => {
  it('names every command and nothing else', () => {
    const rows = tables.filter(({ columns }) => columns[0] === 'command').flatMap((table) => table.rows);
    const onPage = rows.flatMap(([cell = '']) => names(cell));
    expectAgreement({ page, onPage, source: 'apps/cli/src/program.ts', declared: COMMANDS, entry: 'a row' });
  });

  it('names every setting with its variable, flag and default', () => {
    const rows = tables.find(({ columns }) => columns[0] === 'setting')?.rows ?? [];
    const source = 'apps/cli/src/configuration/cli-settings.ts';
    const rowOf = new Map(rows.map((row) => [names(row[0] ?? '')[0] ?? '', row]));
    expectAgreement({ page, onPage: [...rowOf.keys()], source, declared: CLI_SETTING_NAMES, entry: 'a row' });
    const cells = CLI_SETTING_NAMES.flatMap((name) => {
      const { variable, flag, default: standard }: CliSetting = CLI_SETTINGS[name];
      const cell = (at: number) => names(rowOf.get(name)?.[at] ?? '')[0] ?? '';
      return [
        { at: `${name}, variable`, found: cell(1), wanted: variable },
        { at: `${name}, flag`, found: cell(2), wanted: flag ?? '' },
        { at: `${name}, default`, found: cell(3), wanted: standard ?? '' },
      ];
    });
    expectCells(page, source, cells);
  });

  it('tells of every exit code', () => {
    const rows = tables.find(({ columns }) => columns[0] === 'code')?.rows ?? [];
    const onPage = rows.flatMap(([cell = '']) => names(cell));
    const declared = Object.values(EXIT).map(String);
    expectAgreement({ page, onPage, source: 'apps/cli/src/exit-codes.ts', declared, entry: 'a row' });
  });
});

describe('every command of rehome', () => {
  const folder = 'test/e2e';
  const specs = readdirSync(folder)
    .filter((file) => /^(?:cli-|in-process)/.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n')
    // However its list is broken over lines.
    .replaceAll(/,\s+'/g, ", '")
    .replaceAll(/([([])\s+'/g, "$1'");
  const nouns = NOUNS.map(({ noun }) => noun);

  /** As the specs write a command line: it begins a list or a call, each word a text of its own; nouns of the registry in a table. */
  function isTyped(command: string): boolean {
    const words = command.split(' ');
    const [first = '', verb = ''] = words;
    if (nouns.includes(first))
      return new RegExp(`\\[\\s*'${first}',`).test(specs) && specs.includes(`(noun, '${verb}'`);
    if (first === 'submit' || first === 'plan')
      return specs.includes(`'${first}', ...`) && (verb === '' || specs.includes(`['${verb}', `));
    const typed = words.map((word) => `'${word}'`).join(', ');
    return ['[', '('].some((begin) => specs.includes(begin + typed));
  }

  it('is typed by a test', () => {
    expect(COMMANDS.filter((command) => !isTyped(command))).toEqual([]);
  });
});
