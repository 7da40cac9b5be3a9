import type { FastifyRequest } from 'fastify';

/** Path without the query: what a problem names. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}
