import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IntegerField, PatternField } from '#shared/contracts/requests/fields.js';
import { invalidRequest, type RequestRefused } from './request-refused.js';

/** Of a list, when its caller does not say. */
export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 500;

/** `limit` of a list: a query is text, and its digits are a number. */
export function LimitField({ description }: { readonly description: string }): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
    ),
    IntegerField({ optional: true, minimum: 1, maximum: MAX_LIMIT, description }),
  );
}

/** `after` of a list: the `next` of the page before. */
export function AfterField({ maxLength = 200 }: { readonly maxLength?: number } = {}): PropertyDecorator {
  return PatternField({
    optional: true,
    pattern: new RegExp(`^[A-Za-z0-9_-]{1,${String(maxLength)}}$`),
    shape: 'the `next` of a page',
    description: '`next` of the page before',
  });
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `next` of a page that ends with the row of this id: by the row itself, a time in JavaScript would lose microseconds. */
export function placeOf(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** The id behind which a page begins. @throws RequestRefused for an `after` that no page gave. */
export function readPlace(after: string): string {
  const id = Buffer.from(after, 'base64url').toString('latin1');
  if (UUID.test(id)) return id;
  throw afterRefused();
}

/** For an `after` that no page gave. */
export function afterRefused(): RequestRefused {
  return invalidRequest([{ pointer: '/query/after', message: 'is not the `next` of a page' }]);
}
