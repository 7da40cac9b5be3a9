import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import { runTool } from '../../postgres/run-tool.js';
import type { PostgresTools } from '../../postgres/tools.js';
import { extensionIn, type ScriptExtension } from './plain-script.js';

export interface ArchiveFacts {
  /** Major of the server that was dumped. */
  readonly sourceMajor?: number;
  readonly items: number;
  readonly extensions: readonly ScriptExtension[];
}

interface Reading {
  readonly tools: PostgresTools;
  readonly path: string;
  /** 0700, of this run. */
  readonly workDirectory: string;
  readonly signal: AbortSignal;
}

/** What the list of contents of an archive says. @throws RehomeError BACKUP_DAMAGED when pg_restore cannot read it */
export async function readArchive(reading: Reading): Promise<ArchiveFacts> {
  const list = await told(reading, ['--list']);
  const entries = entriesIn(list);
  const extensions = entries.filter((line) => / EXTENSION - /.test(line) && !/ COMMENT - /.test(line));
  const major = /^;\s+Dumped from database version: (\d+)/m.exec(list)?.[1];
  return {
    items: entries.length,
    extensions: extensions.length === 0 ? [] : await schemasOf(reading, extensions),
    ...(major === undefined ? {} : { sourceMajor: Number(major) }),
  };
}

/** Those of which the archive holds nothing: pg_restore says it, names in its list have no quotes and hold blanks. */
export async function schemasWithout(reading: Reading, schemas: readonly string[]): Promise<string[]> {
  const without: string[] = [];
  for (const schema of schemas)
    if (entriesIn(await told(reading, ['--list', `--schema=${schema}`])).length === 0) without.push(schema);
  return without;
}

/** Reads the archive to its end: a list of contents stands at its front and is whole when the rest is cut off. */
export async function readWhole(reading: Reading): Promise<void> {
  await told(reading, ['--file=/dev/null']);
}

function entriesIn(list: string): string[] {
  return list.split('\n').filter((line) => /^\d+; \d+ \d+ /.test(line));
}

/** The list does not tell the schema of an extension, its statement does. */
async function schemasOf(reading: Reading, entries: readonly string[]): Promise<ScriptExtension[]> {
  const list = join(reading.workDirectory, 'extensions.list');
  await writeFile(list, `${entries.join('\n')}\n`, { mode: 0o600 });
  const script = await told(reading, [`--use-list=${list}`, '--file=-']);
  return script
    .split('\n')
    .map(extensionIn)
    .filter((extension) => extension !== undefined);
}

async function told({ tools, path, workDirectory, signal }: Reading, flags: readonly string[]): Promise<string> {
  try {
    return (await runTool({ program: tools.pgRestore, arguments: [...flags, path], workDirectory }, signal)).stdout;
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toRehomeError(error);
    if (code !== 'TOOL_FAILED') throw error;
    throw new RehomeError(
      'BACKUP_DAMAGED',
      `${message} (pg_restore ${tools.version}); fetch the file again, or install the pg_restore of the pg_dump that made it`,
      { cause: error },
    );
  }
}
