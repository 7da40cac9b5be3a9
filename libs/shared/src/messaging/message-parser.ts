import { type ClassConstructor, plainToInstance } from 'class-transformer';
import { validate, type ValidationError, type ValidatorOptions } from 'class-validator';
import { RehomeError } from '../errors/rehome-error.js';
import type { CloudEvent } from './cloud-event.js';

/** Makes what the handler of a type receives. Whatever it throws rejects the record. */
export type MessageParser = (event: CloudEvent) => unknown;

/**
 * The data of an event as an instance of a class-validator class.
 *
 * @throws RehomeError REQUEST_INVALID with `facts.errors`: `[{pointer, message}]`
 */
export function validated<T extends object>(
  type: ClassConstructor<T>,
  options: ValidatorOptions = {},
): (event: CloudEvent) => Promise<T> {
  return async ({ data, type: eventType }) => {
    if (typeof data !== 'object' || data === null || Array.isArray(data))
      throw invalidData(eventType, [{ pointer: '', message: 'the data must be a JSON object' }]);
    const instance = plainToInstance(type, data);
    const errors = await validate(instance, options);
    if (errors.length > 0)
      throw invalidData(
        eventType,
        errors.flatMap((error) => problemsOf(error, '')),
      );
    return instance;
  };
}

interface Problem {
  /** RFC 6901, within the data. */
  readonly pointer: string;
  readonly message: string;
}

function problemsOf(error: ValidationError, parent: string): Problem[] {
  const pointer = `${parent}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const own = Object.values(error.constraints ?? {}).map((message) => ({ pointer, message }));
  return [...own, ...(error.children ?? []).flatMap((child) => problemsOf(child, pointer))];
}

function invalidData(eventType: string, errors: readonly Problem[]): RehomeError {
  const list = errors.map(({ pointer, message }) => `${pointer === '' ? 'data' : pointer}: ${message}`).join('; ');
  return new RehomeError('REQUEST_INVALID', `${eventType} is not valid: ${list}`, {
    facts: { errors: errors.map(({ pointer, message }) => ({ pointer, message })) },
  });
}
