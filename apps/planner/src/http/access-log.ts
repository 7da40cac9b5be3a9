import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Logger } from '#shared/observability/logger.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { traceLogFields } from '#shared/observability/trace-context.js';
import { principalOf } from '../auth/principal.js';
import { pathOf } from './path-of.js';
import { traceparentOfCall } from './trace-calls.js';

const WATCHED = /^\/(health\/|metrics$)/;
const REQUEST_ID = /^[A-Za-z0-9._:-]{8,128}$/;

/** The caller's `X-Request-Id` when it is usable, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** One line and one measurement per call. Headers, queries and bodies stay out: they may hold secrets. */
export function installAccessLog(fastify: FastifyInstance, logger: Logger, metrics: Metrics): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const status = String(reply.statusCode);
    metrics.observe('rehome_http_request_seconds', { method: request.method, route, status }, reply.elapsedTime / 1000);
    const principal = principalOf(request);
    // Whoever watches asks every few seconds; what went well then is no news.
    const level = WATCHED.test(route) && reply.statusCode < 400 ? 'debug' : 'info';
    logger[level](
      {
        requestId: request.id,
        method: request.method,
        path: pathOf(request),
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 10) / 10,
        ...(principal === undefined ? {} : { actor: principal.actor }),
        ...traceLogFields(traceparentOfCall(request)),
      },
      'call answered',
    );
    done();
  });
}
