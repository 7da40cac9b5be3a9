import { isUtf8 } from 'node:buffer';
import { parseLines, type Pair } from 'dot-properties';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { ConfigFormat, ConfigScope, KeyEdit } from './config-format.js';
import {
  duplicated,
  keyMissing,
  refuseExpanded,
  refuseExpression,
  refuseMultiline,
  spliceText,
  type Splice,
} from './file-text.js';

/**
 * `.properties` as `java.util.Properties` reads them: `=`, `:` or blanks between key and value, comments with `#` and `!`,
 * lines continued by a backslash. A file is UTF-8 or ISO-8859-1 as found; what is written is ASCII with `\u` escapes,
 * which means the same in both. https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html
 */
export const propertiesFile: ConfigFormat = {
  read(bytes, scope, names) {
    const file = readFile(bytes, scope);
    const values = new Map<string, string>();
    for (const name of names) {
      const entry = single(file, name, scope);
      if (entry === undefined) continue;
      refuseExpression(scope.where, name, entry.value);
      values.set(name, entry.value);
    }
    return values;
  },

  edit(bytes, scope, edits) {
    const file = readFile(bytes, scope);
    const splices = edits.map((edit) => spliceFor(file, edit, scope));
    return Buffer.from(spliceText(file.text, splices), file.encoding);
  },
};

interface PropertiesText {
  readonly text: string;
  readonly encoding: 'utf8' | 'latin1';
  readonly entries: readonly Entry[];
}

/** Where key, separator and value stand; the value with its continued lines. */
interface Entry {
  readonly key: string;
  readonly value: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly start: number;
  readonly end: number;
}

function readFile(bytes: Buffer, { where }: ConfigScope): PropertiesText {
  if (bytes.includes(0)) {
    throw new RehomeError(
      'CONFIG_FILE_UNREADABLE',
      `${where} holds NUL bytes: it is binary or UTF-16; save it as UTF-8 text`,
    );
  }
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1';
  const text = bytes.toString(encoding);
  // A byte order mark is no part of the first key; a blank in its place keeps all the others.
  const entries = parseLines(text.replace(/^\uFEFF/, ' '), true).flatMap((node) =>
    isPair(node) ? [toEntry(node)] : [],
  );
  return { text, encoding, entries };
}

function isPair(node: object): node is Pair {
  return 'type' in node && node.type === 'PAIR';
}

function toEntry({ key, value, range }: Pair): Entry {
  const [keyStart = 0, keyEnd = 0, start = 0, end = 0] = range ?? [];
  return { key, value, keyStart, keyEnd, start, end };
}

function single({ text, entries }: PropertiesText, name: string, { where }: ConfigScope): Entry | undefined {
  const same = entries.filter(({ key }) => key === name);
  if (same.length <= 1) return same[0];
  const lineOf = ({ keyStart }: Entry): number => text.slice(0, keyStart).split(/\r\n|\n|\r/).length;
  throw duplicated(where, name, same.map(lineOf));
}

function spliceFor(file: PropertiesText, edit: KeyEdit, scope: ConfigScope): Splice {
  refuseMultiline(scope.where, edit.name, edit.value);
  refuseExpanded(scope.where, edit.name, edit.value);
  const value = escapeValue(edit.value);
  const entry = single(file, edit.name, scope);
  if (entry) return { start: entry.start, end: entry.end, text: gapBefore(file.text, entry) + value };
  const neighbour = edit.insertAfter === undefined ? undefined : single(file, edit.insertAfter, scope);
  if (!neighbour) throw keyMissing(scope.where, edit.name, undefined);
  const { keyStart, keyEnd, start, end } = neighbour;
  const indent = /[ \t\f]*$/.exec(file.text.slice(0, keyStart))?.[0] ?? '';
  const eol = /\r\n|\n|\r/.exec(file.text)?.[0] ?? '\n';
  const key = edit.name.replace(/[\\=: ]/g, '\\$&');
  return { start: end, end, text: eol + indent + key + (file.text.slice(keyEnd, start) || '=') + value };
}

/** A key alone has an empty value; `key =` is written `key = value`. */
function gapBefore(text: string, { keyEnd, start, end }: Entry): string {
  const separator = text.slice(keyEnd, start);
  if (separator === '') return '=';
  return start === end && /[ \t][=:]$/.test(separator) ? ' ' : '';
}

/** Blanks at the ends and everything outside of printable ASCII as escapes; `#`, `=` and `:` mean themselves inside a value. */
function escapeValue(value: string): string {
  return (
    value
      .replaceAll('\\', '\\\\')
      // Behind a separator of blanks only, it would be taken for the separator.
      .replace(/^[=:]/, '\\$&')
      .replace(/^ | $/g, '\\u0020')
      .replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  );
}
