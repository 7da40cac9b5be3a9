import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { FieldProblem } from '../problem.js';

export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Deeper than any request; a body of a megabyte can nest half a million deep and would end the stack. */
const MAX_DEPTH = 32;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
/** U+0000, which no PostgreSQL text holds, and half a surrogate pair, which `jsonb` refuses. */

const UNSTORABLE = /\u0000|\p{Surrogate}/u;

/**
 * A body as an instance of its class, or everything that is wrong with it at once. Unknown fields are
 * refused: a misspelt option must not be silently ignored.
 */
export function parseAs<T extends object>(type: new () => T, body: unknown): Parsed<T> {
  if (!isObject(body)) return { ok: false, problems: [{ pointer: '', message: 'must be a JSON object' }] };
  const unstorable = findUnstorable(body, '', 0);
  if (unstorable.length > 0) return { ok: false, problems: unstorable };
  const value = plainToInstance(type, body);
  // forbidUnknownValues would refuse a class without fields, which is how a call says that it takes nothing.
  const errors = validateSync(value, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false });
  if (errors.length === 0) return { ok: true, value };
  return { ok: false, problems: errors.flatMap((error) => problemsOf(error, '')) };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One token of a JSON pointer. */
export function pointerToken(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function findUnstorable(value: unknown, pointer: string, depth: number): FieldProblem[] {
  if (typeof value === 'string') {
    return UNSTORABLE.test(value) ? [{ pointer, message: 'must not hold \\u0000 or half a surrogate pair' }] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  if (depth >= MAX_DEPTH) return [{ pointer, message: `must not nest deeper than ${String(MAX_DEPTH)}` }];
  const entries: [string, unknown][] = Object.entries(value);
  return entries.flatMap(([key, item]) => {
    const at = `${pointer}${pointerToken(key)}`;
    if (FORBIDDEN_KEYS.has(key) || UNSTORABLE.test(key))
      return [{ pointer: at, message: 'is not an allowed field name' }];
    return findUnstorable(item, at, depth + 1);
  });
}

function problemsOf(error: ValidationError, parent: string): FieldProblem[] {
  const pointer = `${parent}${pointerToken(error.property)}`;
  const children = (error.children ?? []).flatMap((child) => problemsOf(child, pointer));
  const own = messageOf(error.constraints ?? {});
  return own === undefined ? children : [{ pointer, message: own }, ...children];
}

/** Rules of one field overlap (integer, minimum, maximum): the same sentence is told once. */
function messageOf(constraints: Readonly<Record<string, string>>): string | undefined {
  if ('whitelistValidation' in constraints) return 'is not a known field';
  const messages = new Set(
    Object.entries(constraints)
      .filter(([name]) => name !== 'nestedValidation')
      .map(([, message]) => message),
  );
  if (messages.size > 0) return [...messages].join('; ');
  return 'nestedValidation' in constraints ? 'must be an object' : undefined;
}
