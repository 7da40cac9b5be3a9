import type { FastifyInstance, FastifyRequest } from 'fastify';
import { traceparentOf } from '#shared/observability/trace-context.js';
import { startWork, type TracedWork } from '#shared/observability/tracing.js';
import { pathOf } from './path-of.js';

const SPANS = new WeakMap<FastifyRequest, TracedWork>();

/** Of the interface; probes and scrapes would only be noise. */
const TRACED_PATHS = '/v1/';

/** One span per call, under the caller's. Headers, queries and bodies stay out: they may hold secrets. */
export function traceCalls(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (request.url.startsWith(TRACED_PATHS)) SPANS.set(request, startSpan(request));
    done();
  });
  // Behind the body: its parser runs in the context of the socket, where no span is active any more.
  fastify.addHook('preHandler', (request, _reply, done) => {
    const span = SPANS.get(request);
    if (span === undefined) done();
    else span.run(done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const span = SPANS.get(request);
    span?.set({ 'http.response.status_code': reply.statusCode });
    span?.end(reply.statusCode >= 500 ? String(reply.statusCode) : undefined);
    done();
  });
}

/** For the line that tells of the call, which is written when nothing is active any more. */
export function traceparentOfCall(request: FastifyRequest): string | undefined {
  return SPANS.get(request)?.traceparent;
}

function startSpan(request: FastifyRequest): TracedWork {
  const route = request.routeOptions.url ?? 'unknown';
  return startWork(`${request.method} ${route}`, {
    kind: 'server',
    parent: traceparentOf(request.headers['traceparent']),
    attributes: {
      'http.request.method': request.method,
      'http.route': route,
      'url.path': pathOf(request),
      'rehome.request_id': request.id,
    },
  });
}
