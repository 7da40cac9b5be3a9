import { RehomeError } from '#shared/errors/rehome-error.js';

/**
 * A file as text with one character per byte (Latin-1), so that bytes which are not UTF-8 survive an edit.
 * Values are UTF-8 and cross over by `toValue` and `fromValue`.
 */
export interface FileText {
  readonly text: string;
  readonly lines: readonly Line[];
  /** Line end used by the first line, `\n` for a file of one line. */
  readonly eol: string;
}

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly start: number;
  /** End of the content, before the line end. */
  readonly end: number;
}

export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const UTF8_BOM = '\xef\xbb\xbf';
const LINE_END = /\r\n|\n|\r/g;

/** @throws RehomeError CONFIG_FILE_UNREADABLE when the file is not text of one byte per ASCII character. */
export function toFileText(bytes: Buffer, where: string): FileText {
  if (bytes.includes(0)) {
    throw new RehomeError(
      'CONFIG_FILE_UNREADABLE',
      `${where} holds NUL bytes: it is binary or UTF-16; save it as UTF-8 text`,
    );
  }
  const text = bytes.toString('latin1');
  return { text, lines: splitLines(text), eol: /\r\n|\n|\r/.exec(text)?.[0] ?? '\n' };
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  let start = text.startsWith(UTF8_BOM) ? UTF8_BOM.length : 0;
  for (const match of text.matchAll(LINE_END)) {
    lines.push({ number: lines.length + 1, start, end: match.index });
    start = match.index + match[0].length;
  }
  if (start < text.length || lines.length === 0) lines.push({ number: lines.length + 1, start, end: text.length });
  return lines;
}

/** Applies splices that do not overlap to a text of one character per byte. */
export function applySplices(text: string, splices: readonly Splice[]): Buffer {
  return Buffer.from(spliceText(text, splices), 'latin1');
}

/** Splices at the same place keep their order. */
export function spliceText(text: string, splices: readonly Splice[]): string {
  const ordered = splices.map((splice, order) => ({ ...splice, order }));
  ordered.sort((a, b) => a.start - b.start || a.end - b.end || a.order - b.order);
  let result = '';
  let at = 0;
  for (const { start, end, text: replacement } of ordered) {
    result += text.slice(at, start) + replacement;
    at = end;
  }
  return result + text.slice(at);
}

/** The bytes of a value as the characters of a `FileText`. */
export function fromValue(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}

export function toValue(raw: string): string {
  return Buffer.from(raw, 'latin1').toString('utf8');
}

/** Whitespace within a line is ASCII only: byte A0 is also the second half of "à". */
export function trimEnd(text: string): string {
  return text.replace(/[ \t\f\v]+$/, '');
}

/** The value cannot stand in the file; the message names its key and the reason, never the value. */
export function unwritable(where: string, key: string, because: string): RehomeError {
  return new RehomeError(
    'CONFIG_VALUE_UNWRITABLE',
    `the new value of ${key} cannot be written to ${where}: ${because}; choose another value`,
    { facts: { path: where, key } },
  );
}

/** @throws RehomeError CONFIG_VALUE_UNWRITABLE for what neither format can hold on one line. */
export function refuseMultiline(where: string, key: string, value: string): void {
  if (/[\0\r\n]/.test(value)) throw unwritable(where, key, 'it holds a line break or a NUL character');
  if (Buffer.from(value, 'utf8').toString('utf8') !== value) throw unwritable(where, key, 'it is not valid Unicode');
}

/**
 * Spring, Quarkus and others expand `${…}` in `.properties` and YAML: a value that is one comes from elsewhere.
 * @throws RehomeError CONFIG_FILE_UNREADABLE
 */
export function refuseExpression(where: string, key: string, value: string): void {
  if (!value.includes('${')) return;
  throw new RehomeError(
    'CONFIG_FILE_UNREADABLE',
    `${where} takes ${key} from elsewhere (\${…}); name the file or variable that really holds it, or write the value itself there`,
    { facts: { path: where, key } },
  );
}

/** @throws RehomeError CONFIG_VALUE_UNWRITABLE for a value that such a framework would expand. */
export function refuseExpanded(where: string, key: string, value: string): void {
  if (value.includes('${')) throw unwritable(where, key, 'it holds ${, which frameworks take for a placeholder');
}

export function duplicated(where: string, key: string, lines: readonly number[]): RehomeError {
  return new RehomeError(
    'CONFIG_FILE_UNREADABLE',
    `${where} sets ${key} more than once (lines ${lines.join(', ')}): which one the application reads is not certain; keep one`,
    { facts: { path: where, key, lines } },
  );
}

export function keyMissing(where: string, key: string, section: string | undefined): RehomeError {
  const place = section === undefined ? where : `section [${section}] of ${where}`;
  return new RehomeError(
    'CONFIG_KEY_MISSING',
    `${place} does not set ${key}; add the key with its current value, or correct the key's name in the service definition`,
    { facts: { path: where, key, ...(section === undefined ? {} : { section }) } },
  );
}
