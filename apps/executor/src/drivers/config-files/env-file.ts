import { RehomeError } from '#shared/errors/rehome-error.js';
import { escapeDoubleQuoted, isBare, isLiteralIn, unescapeDoubleQuoted, type Quote } from './env-quoting.js';
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
  type FileText,
  type Line,
  type Splice,
} from './file-text.js';

/**
 * `.env` files as shells, docker compose and the dotenv libraries agree on them: `NAME=value` with an optional
 * `export`, whole-line comments, a comment behind a value after white space and `#`, single quotes literal, double quotes
 * with `\"`, `\\`, `\$` and `` \` ``; a quoted value may span lines. Where readers differ the editor writes the form
 * that all of them read alike, and falls back to escapes only when there is none.
 */
export const envFile: ConfigFormat = {
  read(bytes, scope, names) {
    const file = toFileText(bytes, scope.where);
    const found = findVariables(file);
    const values = new Map<string, string>();
    for (const name of names) {
      const variable = single(found, name, scope);
      if (variable) values.set(name, valueOf(file, variable, scope));
    }
    return values;
  },

  edit(bytes, scope, edits) {
    const file = toFileText(bytes, scope.where);
    const found = findVariables(file);
    return applySplices(
      file.text,
      edits.map((edit) => spliceFor(file, found, edit, scope)),
    );
  },
};

interface Variable {
  readonly name: string;
  readonly line: Line;
  /** Indentation, `export`, name and `=` with its blanks, as they stand. */
  readonly head: string;
  /** The value with its quotes. */
  readonly start: number;
  readonly end: number;
  readonly quote: Quote;
  /** End of the line on which the value ends. */
  readonly lineEnd: number;
  /** Something other than a comment stands behind the closing quote, as in `'a'\''b'`: only a shell reads that. */
  readonly broken: boolean;
}

const ASSIGNMENT = /^([ \t]*(?:export[ \t]+)?)([A-Za-z_][\w.-]*)([ \t]*=[ \t]*)/;

function findVariables(file: FileText): Variable[] {
  const variables: Variable[] = [];
  let behind = 0;
  for (const line of file.lines) {
    if (line.start < behind) continue;
    const match = ASSIGNMENT.exec(file.text.slice(line.start, line.end));
    if (!match?.[2]) continue;
    const variable = toVariable(file, line, match[0], match[2]);
    behind = variable.end;
    variables.push(variable);
  }
  return variables;
}

function toVariable(file: FileText, line: Line, head: string, name: string): Variable {
  const start = line.start + head.length;
  const first = file.text.charAt(start);
  const end = first === '"' || first === "'" ? closingQuote(file.text, start, first) : -1;
  if (end === -1 || (first !== '"' && first !== "'")) {
    return {
      name,
      line,
      head,
      start,
      end: bareEnd(file.text, start, line.end),
      quote: '',
      lineEnd: line.end,
      broken: false,
    };
  }
  const lineEnd = file.lines.find((other) => end <= other.end)?.end ?? file.text.length;
  const broken = !/^[ \t\f\v]*(?:#.*)?$/s.test(file.text.slice(end, lineEnd));
  return { name, line, head, start, end, quote: first, lineEnd, broken };
}

/** Index behind the closing quote, −1 when there is none: then the quote is an ordinary character. */
function closingQuote(text: string, start: number, quote: '"' | "'"): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (quote === '"' && text[at] === '\\') at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return -1;
}

function bareEnd(text: string, start: number, lineEnd: number): number {
  const raw = text.slice(start, lineEnd);
  const comment = raw.startsWith('#') ? 0 : raw.search(/[ \t\f\v]#/);
  return start + trimEnd(comment === -1 ? raw : raw.slice(0, comment)).length;
}

function single(variables: readonly Variable[], name: string, scope: ConfigScope): Variable | undefined {
  const same = variables.filter((variable) => variable.name === name);
  if (same.length > 1)
    throw duplicated(
      scope.where,
      name,
      same.map((variable) => variable.line.number),
    );
  return same[0];
}

function valueOf(file: FileText, variable: Variable, scope: ConfigScope): string {
  refuseBroken(variable, scope);
  const raw = toValue(file.text.slice(variable.start, variable.end));
  if (variable.quote === '') return raw;
  const inner = raw.slice(1, -1);
  return variable.quote === '"' ? unescapeDoubleQuoted(inner) : inner;
}

function refuseBroken(variable: Variable, { where }: ConfigScope): void {
  if (!variable.broken) return;
  throw new RehomeError(
    'CONFIG_FILE_UNREADABLE',
    `line ${String(variable.line.number)} of ${where}: text stands behind the closing quote of ${variable.name}; write its value in one pair of quotes`,
    { facts: { path: where, key: variable.name, lines: [variable.line.number] } },
  );
}

function spliceFor(file: FileText, variables: readonly Variable[], edit: KeyEdit, scope: ConfigScope): Splice {
  refuseMultiline(scope.where, edit.name, edit.value);
  const variable = single(variables, edit.name, scope);
  if (!variable) return insertion(file, variables, edit, scope);
  refuseBroken(variable, scope);
  const text = fromValue(written(edit.value, variable.quote, variables));
  const touchesComment = variable.start === variable.end && file.text[variable.end] === '#';
  return { start: variable.start, end: variable.end, text: touchesComment ? `${text} ` : text };
}

function insertion(file: FileText, variables: readonly Variable[], edit: KeyEdit, scope: ConfigScope): Splice {
  const neighbour = edit.insertAfter === undefined ? undefined : single(variables, edit.insertAfter, scope);
  if (!neighbour) throw keyMissing(scope.where, edit.name, undefined);
  const head = neighbour.head.replace(neighbour.name, () => edit.name);
  const text = file.eol + head + fromValue(written(edit.value, neighbour.quote, variables));
  return { start: neighbour.lineEnd, end: neighbour.lineEnd, text };
}

/** Quoted as it was; else bare when every reader takes it so; else in the quotes that need no escape, the file's own first. */
function written(value: string, quote: Quote, variables: readonly Variable[]): string {
  if (quote === '' && isBare(value)) return value;
  const preferred = quote === '' ? usualQuote(variables) : quote;
  const order = preferred === '"' ? (['"', "'"] as const) : (["'", '"'] as const);
  const literal = order.find((candidate) => isLiteralIn(value, candidate));
  return literal === undefined ? `"${escapeDoubleQuoted(value)}"` : literal + value + literal;
}

function usualQuote(variables: readonly Variable[]): Quote {
  const count = (quote: Quote): number => variables.filter((variable) => variable.quote === quote).length;
  return count('"') > count("'") ? '"' : "'";
}
