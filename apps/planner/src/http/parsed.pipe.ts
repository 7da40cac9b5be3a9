import type { PipeTransform } from '@nestjs/common';
import { isObject, parseAs } from '#shared/contracts/requests/parse.js';
import { invalidRequest } from './request-refused.js';

/** `@Body(bodyOf(PutServer))`: the body as its class, or 400 with every problem. No body is an empty one. */
export function bodyOf<T extends object>(type: new () => T): PipeTransform<unknown, T> {
  return { transform: (body) => parsedOrRefused(type, body ?? {}, '') };
}

/** `@Query(queryOf(ListQuery))`: problems point to `/query/…`. A form that is left empty says `kind=`, which is no kind. */
export function queryOf<T extends object>(type: new () => T): PipeTransform<unknown, T> {
  return { transform: (query) => parsedOrRefused(type, isObject(query) ? said(query) : {}, '/query') };
}

/** Fastify's query object has no prototype; the classes want an ordinary one. A field nobody knows stays to be refused. */
function said(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, value === '' ? undefined : value]));
}

function parsedOrRefused<T extends object>(type: new () => T, value: unknown, prefix: string): T {
  const parsed = parseAs(type, value);
  if (parsed.ok) return parsed.value;
  throw invalidRequest(parsed.problems.map((problem) => ({ ...problem, pointer: `${prefix}${problem.pointer}` })));
}
