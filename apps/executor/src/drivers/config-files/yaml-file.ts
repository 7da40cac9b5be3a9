import { isUtf8 } from 'node:buffer';
import {
  isAlias,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseAllDocuments,
  visit,
  type Alias,
  type Document,
  type Node,
  type Scalar,
} from 'yaml';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { ConfigFormat, ConfigScope, KeyEdit } from './config-format.js';
import {
  duplicated,
  keyMissing,
  refuseExpanded,
  refuseExpression,
  refuseMultiline,
  spliceText,
  unwritable,
  type Splice,
} from './file-text.js';
import { findValues, segmentsOf, type FoundValue } from './yaml-paths.js';
import { styleOf, writeScalar } from './yaml-scalar.js';

/**
 * YAML with keys by path, `spring.datasource.url` or `/spring/datasource/url`. Only the named values are written, at
 * their places and in their quotes; comments, anchors, blanks and the other documents of a file stay. `section` is the
 * number of a document, from 1; without it a key may stand in one of them only.
 */
export const yamlFile: ConfigFormat = {
  read(bytes, scope, names) {
    const file = readFile(bytes, scope);
    const values = new Map<string, string>();
    for (const name of names) {
      const found = single(file, name, scope);
      if (!found) continue;
      const value = textOf(scalarOf(found, name, scope));
      refuseExpression(scope.where, name, value);
      values.set(name, value);
    }
    return values;
  },

  edit(bytes, scope, edits) {
    const file = readFile(bytes, scope);
    const splices = edits.map((edit) => spliceFor(file, edit, scope));
    const edited = Buffer.from(spliceText(file.text, splices));
    refuseMisread(edited, edits, scope);
    return edited;
  },
};

interface YamlText {
  readonly text: string;
  readonly documents: readonly Document.Parsed[];
  readonly lines: LineCounter;
}

function readFile(bytes: Buffer, { where, section }: ConfigScope): YamlText {
  if (!isUtf8(bytes)) throw unreadable(where, 'is not UTF-8');
  const text = bytes.toString('utf8');
  const lines = new LineCounter();
  // prettyErrors would quote the file, and with it a password.
  const documents = [
    ...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'silent' }),
  ];
  const error = documents.flatMap(({ errors }) => errors)[0];
  if (error) throw unreadable(where, `is not YAML (${error.code} in line ${String(lines.linePos(error.pos[0]).line)})`);
  if (section === undefined) return { text, documents, lines };
  const chosen = documents[Number(section) - 1];
  if (!chosen) throw unreadable(where, `has no document ${section}; "section" is its number, from 1`);
  return { text, documents: [chosen], lines };
}

function unreadable(where: string, because: string): RehomeError {
  return new RehomeError('CONFIG_FILE_UNREADABLE', `${where} ${because}`, { facts: { path: where } });
}

function single({ documents, lines }: YamlText, name: string, { where }: ConfigScope): FoundValue | undefined {
  const found = documents.flatMap(({ contents }) => findValues(contents, name));
  if (found.length <= 1) return found[0];
  const lineOf = ({ pair, value }: FoundValue): number => lines.linePos(startOf(pair?.key ?? value)).line;
  throw duplicated(where, name, found.map(lineOf));
}

function startOf(node: unknown): number {
  return (isNode(node) ? node.range?.[0] : undefined) ?? 0;
}

function scalarOf({ value }: FoundValue, name: string, { where }: ConfigScope): Scalar {
  if (isAlias(value)) throw unreadable(where, `has an alias for ${name}; write its value out there`);
  if (!isScalar(value)) throw unreadable(where, `holds no single value at ${name}`);
  if (styleOf(value) !== undefined) return value;
  throw unreadable(where, `holds ${name} as a block (| or >); write it on one line`);
}

function textOf({ value, source }: Scalar): string {
  if (typeof value === 'string') return value;
  return source ?? '';
}

function spliceFor(file: YamlText, edit: KeyEdit, scope: ConfigScope): Splice {
  refuseMultiline(scope.where, edit.name, edit.value);
  refuseExpanded(scope.where, edit.name, edit.value);
  const found = single(file, edit.name, scope);
  if (!found) return insertion(file, edit, scope);
  const scalar = scalarOf(found, edit.name, scope);
  if (textOf(scalar) !== edit.value) refuseAliased(file, scalar, { ...edit, where: scope.where });
  const [start = 0, end = 0] = scalar.range ?? [];
  const written = writeScalar(edit.value, styleOf(scalar) ?? 'plain', typeof scalar.value === 'number');
  // `key:` has an empty value right behind the colon, and before a comment.
  const before = start === end && !/[ \t]/.test(file.text.charAt(start - 1)) ? ' ' : '';
  const behind = start === end && file.text.charAt(end) === '#' ? ' ' : '';
  return { start, end, text: before + written + behind };
}

/** Only the named keys may change. What is merged (`<<`) is a default, and meant to follow the key that is named. */
function refuseAliased(
  { documents, lines }: YamlText,
  scalar: Scalar,
  { name, where }: { readonly name: string; readonly where: string },
): void {
  for (const document of documents) {
    visit(document, {
      Alias: (_key, alias, path) => {
        const pair = path.at(-1);
        const merged = isPair(pair) && isScalar(pair.key) && pair.key.value === '<<';
        if (merged || !holds(alias.resolve(document), scalar)) return;
        throw unwritable(
          where,
          name,
          `line ${lineOf(lines, alias)} has an alias of it and would change too; write it out there`,
        );
      },
    });
  }
}

function lineOf(lines: LineCounter, alias: Alias): string {
  return String(lines.linePos(startOf(alias)).line);
}

function holds(node: Node | undefined, scalar: Scalar): boolean {
  let found = false;
  if (node !== undefined)
    visit(node, {
      Scalar: (_key, one) => {
        if (one !== scalar) return undefined;
        found = true;
        return visit.BREAK;
      },
    });
  return found;
}

/** A new line below the named neighbour, or an entry behind it in a collection of brackets. */
function insertion(file: YamlText, edit: KeyEdit, scope: ConfigScope): Splice {
  const neighbour = edit.insertAfter === undefined ? undefined : single(file, edit.insertAfter, scope);
  const key =
    neighbour && edit.insertAfter !== undefined ? keyBeside(neighbour, edit.insertAfter, edit.name) : undefined;
  if (!neighbour?.pair || key === undefined) throw keyMissing(scope.where, edit.name, undefined);
  const scalar = scalarOf(neighbour, edit.insertAfter ?? '', scope);
  const end = scalar.range?.[1] ?? 0;
  // The one key that is ever added is a port: a number, and plain.
  const entry = `${writeScalar(key, 'plain', false)}: ${writeScalar(edit.value, 'plain', true)}`;
  if (neighbour.map?.flow === true) return { start: end, end, text: `, ${entry}` };
  const keyStart = startOf(neighbour.pair.key);
  const indent = /[^\r\n]*$/.exec(file.text.slice(0, keyStart))?.[0].replace(/\S/g, ' ') ?? '';
  const eol = /\r\n|\n|\r/.exec(file.text)?.[0] ?? '\n';
  const at = end + (/[\r\n]/.exec(file.text.slice(end))?.index ?? file.text.length - end);
  return { start: at, end: at, text: eol + indent + entry };
}

/** The key of a path in the map of its neighbour; undefined when the path leads into another map. */
function keyBeside({ keySegments }: FoundValue, neighbour: string, name: string): string | undefined {
  const [beside, wanted] = [segmentsOf(neighbour), segmentsOf(name)];
  const parent = beside.slice(0, beside.length - keySegments);
  return parent.every((segment, index) => segment === wanted[index]) && wanted.length > parent.length
    ? wanted.slice(parent.length).join('.')
    : undefined;
}

/** YAML has many corners: the new file is read again before anybody else reads it. */
function refuseMisread(edited: Buffer, edits: readonly KeyEdit[], scope: ConfigScope): void {
  const names = edits.map(({ name }) => name);
  const values = yamlFile.read(edited, scope, names);
  const lost = edits.find(({ name, value }) => values.get(name) !== value);
  if (lost)
    throw unwritable(scope.where, lost.name, 'YAML would not read it as it is; put the present value into quotes');
}
