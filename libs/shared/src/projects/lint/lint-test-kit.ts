import type { LintFinding, MigrationFile } from '../migration-file.js';
import { readScript } from '../sql/read-script.js';
import { lint } from './lint.js';

/** A migration made of its up script alone; `parserReady` must have been awaited. @throws when it cannot be read */
export function fileOf(text: string): MigrationFile {
  // What a project refuses outright is no matter here, only that it can be read.
  const { script, header, waivers, problems } = readScript('migrations/shop/0002_change.up.sql', text);
  if (script.statements.length === 0) throw new Error(`${text}: ${JSON.stringify(problems)}`);
  return {
    id: 'shop/0002',
    app: 'shop',
    version: '0002',
    name: 'change',
    up: script,
    checksum: '',
    requires: [],
    conflicts: [],
    transactional: header.transaction === 'on',
    ...(header.lockTimeoutMs === undefined ? {} : { lockTimeoutMs: header.lockTimeoutMs }),
    ...(header.phase === undefined ? {} : { phase: header.phase }),
    home: 'main',
    touches: [],
    creates: [],
    waivers,
  };
}

export function lintText(text: string, earlier: readonly string[] = []): LintFinding[] {
  return lint(fileOf(text), { earlier: earlier.map(fileOf) });
}

export function rulesIn(text: string, earlier: readonly string[] = []): string[] {
  return lintText(text, earlier).map(({ rule }) => rule);
}
