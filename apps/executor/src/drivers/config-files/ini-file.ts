import type { ConfigFormat, ConfigScope, KeyEdit } from './config-format.js';
import {
  applySplices,
  duplicated,
  fromValue,
  keyMissing,
  refuseMultiline,
  toFileText,
  toValue,
  trimEnd,
  unwritable,
  type FileText,
  type Line,
  type Splice,
} from './file-text.js';

/**
 * INI as Python's `configparser` reads it, which Odoo and many others use: `key = value` or `key: value`; whole-line
 * comments with `#` or `;` and none behind a value; key names without regard to case, sections with; a line indented
 * deeper than its key continues the value. https://docs.python.org/3/library/configparser.html#supported-ini-file-structure
 * Two additions: keys may stand before the first section, and a value that stands in quotes keeps them.
 */
export const iniFile: ConfigFormat = {
  read(bytes, scope, names) {
    const file = toFileText(bytes, scope.where);
    const found = findOptions(file, scope);
    const values = new Map<string, string>();
    for (const name of names) {
      const option = single(found, name, scope);
      if (option) values.set(name, valueOf(file, option));
    }
    return values;
  },

  edit(bytes, scope, edits) {
    const file = toFileText(bytes, scope.where);
    const found = findOptions(file, scope);
    return applySplices(
      file.text,
      edits.flatMap((edit) => splicesFor(file, found, edit, scope)),
    );
  },
};

interface Option {
  readonly key: string;
  readonly line: Line;
  /** Indentation, name, delimiter and blanks, as they stand. */
  readonly indent: string;
  readonly delimiter: string;
  readonly value: Span;
  readonly continuations: readonly Continuation[];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Continuation extends Span {
  /** End of the line before: removing from here to `end` removes the line and keeps the last line end. */
  readonly after: number;
}

const OPTION = /^([ \t\f\v]*)([^=:]*?)([ \t\f\v]*[=:][ \t\f\v]*)(.*)$/s;
const SECTION = /^[ \t\f\v]*\[(.+)\]/s;
const COMMENT = /^[ \t\f\v]*[#;]/;
const CONTENT = /^([ \t\f\v]*)(.*?)[ \t\f\v]*$/s;

function findOptions(file: FileText, scope: ConfigScope): Option[] {
  const wanted = scope.section === undefined ? undefined : fromValue(scope.section);
  const options: Option[] = [];
  let section: string | undefined;
  let indentOfKey = 0;
  let current: { continuations: Continuation[] } | undefined;
  for (const [index, line] of file.lines.entries()) {
    const content = file.text.slice(line.start, line.end);
    const [, indent = '', body = ''] = CONTENT.exec(content) ?? [];
    if (body === '' || COMMENT.test(content)) continue;
    if (current && indent.length > indentOfKey) {
      const start = line.start + indent.length;
      current.continuations.push({ start, end: start + body.length, after: file.lines[index - 1]?.end ?? 0 });
      continue;
    }
    indentOfKey = indent.length;
    const header = SECTION.exec(content)?.[1];
    if (header !== undefined) section = header;
    const option = header === undefined ? toOption(content, line) : undefined;
    current = option;
    if (option && section === wanted) options.push(option);
  }
  return options;
}

function toOption(content: string, line: Line): (Option & { continuations: Continuation[] }) | undefined {
  const [, indent = '', key = '', delimiter = '', rest = ''] = OPTION.exec(content) ?? [];
  if (key === '') return undefined;
  const start = line.end - rest.length;
  const value = { start, end: start + trimEnd(rest).length };
  return { key: toValue(key).toLowerCase(), line, indent, delimiter, value, continuations: [] };
}

function single(options: readonly Option[], name: string, scope: ConfigScope): Option | undefined {
  const key = name.toLowerCase();
  const same = options.filter((option) => option.key === key);
  if (same.length > 1)
    throw duplicated(
      scope.where,
      name,
      same.map((option) => option.line.number),
    );
  return same[0];
}

/** Lines of a longer value joined by line feeds, empty ones left out. */
function valueOf(file: FileText, option: Option): string {
  const parts = [option.value, ...option.continuations].map(({ start, end }) => file.text.slice(start, end));
  const raw = parts.filter((part) => part !== '').join('\n');
  const quote = quoteOf(raw);
  return toValue(quote === '' ? raw : raw.slice(1, -1));
}

/** The quote in which a value stands, if it does: whoever wrote it so has a reader that takes it off. */
function quoteOf(raw: string): string {
  const first = raw.charAt(0);
  return raw.length >= 2 && (first === '"' || first === "'") && raw.endsWith(first) ? first : '';
}

function splicesFor(file: FileText, options: readonly Option[], edit: KeyEdit, scope: ConfigScope): Splice[] {
  const option = single(options, edit.name, scope);
  if (!option) return [insertion(file, options, edit, scope)];
  const quote = quoteOf(file.text.slice(option.value.start, option.value.end));
  const written = quote + writable(edit, quote, scope) + quote;
  // `db_host =` becomes `db_host = x`, `db_host=` becomes `db_host=x`.
  const gap = option.value.start === option.value.end && /^[ \t]+[=:]$/.test(option.delimiter) ? ' ' : '';
  return [
    { ...option.value, text: gap + written },
    ...option.continuations.map(({ after, end }) => ({ start: after, end, text: '' })),
  ];
}

/** A new line below the named neighbour, in the neighbour's manner. */
function insertion(file: FileText, options: readonly Option[], edit: KeyEdit, scope: ConfigScope): Splice {
  const neighbour = edit.insertAfter === undefined ? undefined : single(options, edit.insertAfter, scope);
  if (!neighbour) throw keyMissing(scope.where, edit.name, scope.section);
  const last = neighbour.continuations.at(-1)?.end ?? neighbour.value.end;
  const at = file.lines.find((line) => line.start <= last && last <= line.end)?.end ?? last;
  const quote = quoteOf(file.text.slice(neighbour.value.start, neighbour.value.end));
  const value = quote + writable(edit, quote, scope) + quote;
  const delimiter = neighbour.delimiter;
  return { start: at, end: at, text: file.eol + neighbour.indent + fromValue(edit.name) + delimiter + value };
}

function writable(edit: KeyEdit, quote: string, { where }: ConfigScope): string {
  const { name, value } = edit;
  refuseMultiline(where, name, value);
  if (quote !== '' && (value.includes(quote) || value.includes('\\'))) {
    throw unwritable(
      where,
      name,
      'the file puts it in quotes, and it holds such a quote or a backslash, which readers take differently',
    );
  }
  if (quote === '' && value !== value.trim())
    throw unwritable(where, name, 'it begins or ends with white space, which readers cut off');
  if (quote === '' && quoteOf(fromValue(value)) !== '') {
    throw unwritable(where, name, 'it begins and ends with the same quote, which some readers take off');
  }
  return fromValue(value);
}
