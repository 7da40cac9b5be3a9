import type { PipeTransform } from '@nestjs/common';
import { isObject, parseAs } from '#shared/contracts/requests/parse.js';
import { invalidRequest } from './request-refused.js';

/** `@Body(bodyOf(PutServer))`: the body as its class, or 400 with every problem. No body is an empty one. */
export function bodyOf<T extends object>(type: new () => T): PipeTransform<unknown, T> {
  return { transform: (body) => parsedOrRefused(type, body ?? {}, '') };
}

/** `@Query(queryOf(ListQuery))`: problems point to `/query/…`. */
export function queryOf<T extends object>(type: new () => T): PipeTransform<unknown, T> {
  // Fastify's query object has no prototype; the classes want an ordinary one.
  return { transform: (query) => parsedOrRefused(type, isObject(query) ? { ...query } : {}, '/query') };
}

function parsedOrRefused<T extends object>(type: new () => T, value: unknown, prefix: string): T {
  const parsed = parseAs(type, value);
  if (parsed.ok) return parsed.value;
  throw invalidRequest(parsed.problems.map((problem) => ({ ...problem, pointer: `${prefix}${problem.pointer}` })));
}
