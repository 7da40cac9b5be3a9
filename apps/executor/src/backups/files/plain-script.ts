import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { gzipFailure, type DumpFile } from './dump-file.js';

/** What a plain dump says of itself, read line by line outside the rows of its tables. */
export interface ScriptFacts {
  /** Objects that it says it makes. */
  readonly items: number;
  /** Major of the server that was dumped, when the file says so. */
  readonly sourceMajor?: number;
  /** Roles that the file gives objects to. */
  readonly owners: readonly string[];
  readonly extensions: readonly ScriptExtension[];
}

export interface ScriptExtension {
  readonly name: string;
  readonly schema: string;
}

const LINE_FEED = 0x0a;
const IDENTIFIER = String.raw`("(?:[^"]|"")+"|[\w$]+)`;
const EXTENSION = new RegExp(`^CREATE EXTENSION IF NOT EXISTS ${IDENTIFIER} WITH SCHEMA ${IDENTIFIER};$`);
const OWNER = new RegExp(`^ALTER [A-Z].* OWNER TO ${IDENTIFIER};$`);

/**
 * Reads the script, refuses what would leave its database, and writes it ready for `psql`. A first line of ours puts psql
 * into its restricted mode, in which a backslash command is an error wherever it hides; the key nobody else knows.
 * @param to nowhere when absent
 * @throws RehomeError BACKUP_DAMAGED
 */
export async function readScript(
  file: DumpFile,
  signal: AbortSignal,
  to?: { readonly path: string; readonly role: string },
): Promise<ScriptFacts> {
  const script = new Script(file.path);
  const out = to === undefined ? undefined : createWriteStream(to.path, { mode: 0o600 });
  // Told by `finished`; without a listener a failure between two writes would end the process.
  out?.on('error', () => undefined);
  if (to !== undefined)
    out?.write(`\\restrict ${randomBytes(24).toString('hex')}\nset role ${quoteIdentifier(to.role)};\n`);
  for await (const line of linesOf(file, signal)) {
    const taken = script.take(line);
    if (taken === undefined || out === undefined) continue;
    if (!out.write(taken)) await Promise.race([once(out, 'drain'), finished(out)]);
  }
  out?.end();
  if (out !== undefined) await finished(out);
  return script.facts();
}

/** Lines with their line feed, as bytes: what a dump holds need not be UTF-8. */
async function* linesOf(file: DumpFile, signal: AbortSignal): AsyncGenerator<Buffer> {
  const source = createReadStream(file.path, { signal });
  const stream = file.gzipped ? source.pipe(createGunzip()) : source;
  if (stream !== source) source.on('error', (error) => stream.destroy(error));
  let rest: Buffer[] = [];
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        yield Buffer.concat([...rest, chunk.subarray(start, end + 1)]);
        rest = [];
        start = end + 1;
      }
      if (start < chunk.length) rest.push(chunk.subarray(start));
    }
  } catch (error) {
    signal.throwIfAborted();
    throw gzipFailure(file.path, error);
  } finally {
    source.destroy();
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}

class Script {
  private readonly owners = new Set<string>();
  private readonly extensions: ScriptExtension[] = [];
  private sourceMajor: number | undefined;
  private copying = false;
  /** What the statements that follow make, as pg_dump says above them. */
  private entry: 'schema' | 'extension comment' | 'other' = 'other';
  private key: string | undefined;
  private number = 0;
  private items = 0;
  /** A dump of pg_dump says at its end that it is there. */
  private ending: 'unknown' | 'to come' | 'seen' = 'unknown';

  constructor(private readonly path: string) {}

  /** @returns what goes to psql. */
  take(bytes: Buffer): Buffer | undefined {
    this.number += 1;
    if (this.copying) {
      this.copying = !(bytes.length <= 4 && /^\\\.\r?\n?$/.test(bytes.toString('latin1')));
      return bytes;
    }
    const line = bytes.toString('utf8').replace(/\r?\n$/, '');
    if (line.startsWith('\\')) {
      this.command(line);
      return undefined;
    }
    if (line.startsWith('--')) this.comment(line);
    else this.statement(line);
    // Only the administrator may comment on an extension.
    if (this.entry === 'extension comment' && line.startsWith('COMMENT ON EXTENSION ')) return undefined;
    // One that holds an extension is there by now.
    if (this.entry === 'schema' && line.startsWith('CREATE SCHEMA '))
      return Buffer.concat([Buffer.from('CREATE SCHEMA IF NOT EXISTS '), bytes.subarray('CREATE SCHEMA '.length)]);
    return bytes;
  }

  facts(): ScriptFacts {
    if (this.copying || this.ending === 'to come')
      throw this.refused('ends before the end of its dump', 'it was cut off: fetch it again');
    const { sourceMajor, owners, extensions, items } = this;
    return { items, owners: [...owners], extensions, ...(sourceMajor === undefined ? {} : { sourceMajor }) };
  }

  private comment(line: string): void {
    if (line === '-- PostgreSQL database cluster dump')
      throw this.refused('is a dump of a whole server by pg_dumpall', 'dump the one database with pg_dump');
    const major = /^-- Dumped from database version (\d+)/.exec(line)?.[1];
    if (major !== undefined) this.sourceMajor ??= Number(major);
    if (line === '-- PostgreSQL database dump') this.ending = 'to come';
    if (line === '-- PostgreSQL database dump complete') this.ending = 'seen';
    if (line.startsWith('-- Name: ')) this.enter(line);
  }

  private enter(line: string): void {
    this.items += 1;
    this.entry = 'other';
    if (line.includes('; Type: SCHEMA; Schema: -; ')) this.entry = 'schema';
    if (/^-- Name: EXTENSION .*; Type: COMMENT;/.test(line)) this.entry = 'extension comment';
  }

  /** The dump's own restriction goes: ours stands for it. */
  private command(line: string): void {
    const [, name, key] = /^\\(restrict|unrestrict) (\w+)$/.exec(line) ?? [];
    if (name === 'restrict' && this.key === undefined) {
      this.key = key;
      return;
    }
    if (name === 'unrestrict' && key === this.key) return;
    throw this.refused(
      `holds the psql command ${line.slice(0, 40)}`,
      'only \\. and \\restrict are taken; dump without --create, and run by hand what no dump is',
    );
  }

  private statement(line: string): void {
    if (/^\s*(?:create|drop|alter)\s+database\b/i.test(line))
      throw this.refused(`works on databases: ${line.slice(0, 60)}`, 'dump without --create');
    if (/^COPY .* FROM stdin;$/i.test(line)) this.copying = true;
    const owner = OWNER.exec(line)?.[1];
    if (owner !== undefined) this.owners.add(unquoted(owner));
    const extension = extensionIn(line);
    if (extension !== undefined) this.extensions.push(extension);
  }

  private refused(what: string, remedy: string): RehomeError {
    return new RehomeError('BACKUP_DAMAGED', `${this.path} ${what} (line ${String(this.number)}); ${remedy}`);
  }
}

/** The extension that a line of a dump creates. */
export function extensionIn(line: string): ScriptExtension | undefined {
  const [, name, schema] = EXTENSION.exec(line) ?? [];
  return name === undefined || schema === undefined ? undefined : { name: unquoted(name), schema: unquoted(schema) };
}

function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
