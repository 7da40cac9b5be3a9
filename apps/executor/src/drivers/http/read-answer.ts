import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';

export type AnswerReading<T> =
  { readonly valid: true; readonly answer: T } | { readonly valid: false; readonly problems: string };

/** JSON text as an instance of a class-validator class. Problems name fields and rules, never a value: answers hold passwords. */
export function readAnswer<T extends object>(text: string, type: new () => T): AnswerReading<T> {
  const json = parse(text);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { valid: false, problems: 'the answer is not a JSON object' };
  }
  const answer = plainToInstance(type, json);
  const errors = validateSync(answer, { whitelist: true, validationError: { target: false, value: false } });
  if (errors.length === 0) return { valid: true, answer };
  return { valid: false, problems: errors.map(describe).join('; ') };
}

function describe(error: ValidationError): string {
  return Object.values(error.constraints ?? {}).join(', ') || `${error.property} is not valid`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
