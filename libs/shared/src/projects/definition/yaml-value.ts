import { Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import type { ProjectProblem } from '../migration-file.js';
import { nestsTooDeeply } from './yaml-depth.js';

interface Source {
  readonly path: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly problems: ProjectProblem[];
}

/** A text of a shape; `shape` says it in words. */
export interface TextShape {
  readonly pattern?: RegExp;
  readonly shape?: string;
  /** What else is wrong with it, in words. */
  readonly refuse?: (text: string) => string | undefined;
}

/**
 * A value of a YAML file, or the place where it should stand. Whatever is wrong is noted with its line and reading goes on,
 * so that all of it is reported at once; what a reader answers then is of no use.
 */
export class YamlValue {
  private constructor(
    private readonly source: Source,
    /** Dotted, as people name it: `databases.results.server`. */
    readonly name: string,
    private readonly node: Node | undefined,
    private readonly fallbackLine: number,
  ) {}

  /** The whole file; what is no YAML at all is noted. */
  static of(path: string, text: string, problems: ProjectProblem[]): YamlValue {
    const lines = new LineCounter();
    if (nestsTooDeeply(text)) {
      problems.push({ path, message: 'nests deeper than any project does; write it flat' });
      return new YamlValue({ path, document: new Document(), lines, problems }, '', undefined, 1);
    }
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    for (const { message, pos } of document.errors)
      problems.push({ path, line: lines.linePos(pos[0]).line, message: `is no YAML: ${message}` });
    const source = { path, document, lines, problems };
    return new YamlValue(source, '', document.contents ?? undefined, 1);
  }

  get line(): number {
    const start = this.node?.range?.[0];
    return start === undefined ? this.fallbackLine : this.source.lines.linePos(start).line;
  }

  get isAbsent(): boolean {
    return this.node === undefined || (isScalar(this.node) && this.node.value === null);
  }

  get isObject(): boolean {
    return isMap(this.node);
  }

  get isText(): boolean {
    return isScalar(this.node) && typeof this.node.value === 'string';
  }

  refuse(message: string): void {
    const { path, problems } = this.source;
    problems.push({ path, line: this.line, message: this.name === '' ? message : `${this.name} ${message}` });
  }

  /** The values of an object whose keys are all known. */
  fields<Key extends string>(keys: readonly Key[]): Readonly<Record<Key, YamlValue>> {
    const entries = this.entries();
    for (const [key, value] of entries) {
      if (!keys.some((known) => known === key)) value.refuse(`is unknown; known: ${keys.join(', ')}`);
    }
    const found = new Map(entries);
    const pairs = keys.map((key) => [key, found.get(key) ?? this.#child(key, undefined)] as const);
    return Object.fromEntries(pairs) as Record<Key, YamlValue>;
  }

  /** The values of an object by whatever keys it has, in its order. */
  entries(): (readonly [string, YamlValue])[] {
    if (this.isAbsent) return [];
    if (!isMap(this.node)) {
      this.refuse('must be an object');
      return [];
    }
    return this.node.items.map(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : '?';
      const line = isScalar(key) && key.range ? this.source.lines.linePos(key.range[0]).line : this.line;
      return [name, this.#child(name, value as Node | null, line)] as const;
    });
  }

  items(): YamlValue[] {
    if (this.isAbsent) return [];
    if (!isSeq(this.node)) {
      this.refuse('must be a list');
      return [];
    }
    return this.node.items.map((item, index) => this.#child(String(index), item as Node));
  }

  /** A text that must be there. */
  text(shape: TextShape = {}): string {
    if (this.isAbsent) this.refuse('is missing');
    return this.optionalText(shape) ?? '';
  }

  /** Numbers and truths count as what they are written as: `statement_timeout: 0`. */
  optionalText({ pattern, shape, refuse }: TextShape = {}): string | undefined {
    if (this.isAbsent) return undefined;
    const value = isScalar(this.node) ? (this.node.source ?? this.node.value) : undefined;
    if (typeof value !== 'string' || value === '') {
      this.refuse('must be a text');
      return undefined;
    }
    const wrong =
      refuse?.(value) ?? (pattern === undefined || pattern.test(value) ? undefined : `must be ${shape ?? ''}`);
    if (wrong !== undefined) this.refuse(wrong);
    return value;
  }

  texts(shape: TextShape = {}): string[] {
    return this.items().map((item) => item.text(shape));
  }

  choice<Choice extends string>(choices: readonly Choice[]): Choice | undefined {
    const text = this.optionalText();
    const found = choices.find((choice) => choice === text);
    if (text !== undefined && found === undefined) this.refuse(`is "${text}"; give one of ${choices.join(', ')}`);
    return found;
  }

  wholeNumber(): number | undefined {
    if (this.isAbsent) return undefined;
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    this.refuse('must be a whole number, 0 or more');
    return undefined;
  }

  #child(key: string, node: Node | null | undefined, line = this.line): YamlValue {
    const name = this.name === '' ? key : `${this.name}.${key}`;
    const resolved = isAlias(node) ? node.resolve(this.source.document) : (node ?? undefined);
    return new YamlValue(this.source, name, resolved, line);
  }
}
