import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { throwError, type Observable } from 'rxjs';
import { PROBLEM_MEDIA_TYPE, type Problem } from '#shared/contracts/problem.js';
import type { Logger } from '#shared/observability/logger.js';
import { pathOf } from './path-of.js';
import { problemHeaders, problemOfError } from './problem-of-error.js';

/** Every failure of a call becomes `application/problem+json`; failures of Kafka handlers pass on as they are. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> | undefined {
    // The transport strategy tells message errors from infrastructure errors by the original.
    if (host.getType() !== 'http') return throwError(() => error);
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = problemOfError(error, { path: pathOf(request), requestId: request.id });
    if (problem.status >= 500)
      this.logger.error({ requestId: request.id, code: problem.code, err: error }, 'call failed');
    // A stream that broke midway has sent its headers: all that is left is to cut it off, so that nobody takes it for whole.
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return undefined;
    }
    sendProblem(reply, problem);
    return undefined;
  }
}

/** For what Fastify refuses before it knows a route, such as a path that is not valid percent-encoding. */
export function answerFrameworkError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const occurrence = { path: pathOf(request), requestId: request.id };
  sendProblem(reply.header('x-request-id', request.id), problemOfError(error, occurrence));
}

function sendProblem(reply: FastifyReply, problem: Problem): void {
  void reply.status(problem.status).headers(problemHeaders(problem)).type(PROBLEM_MEDIA_TYPE).send(problem);
}
