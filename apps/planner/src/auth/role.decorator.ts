import {
  SetMetadata,
  applyDecorators,
  createParamDecorator,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Problem, PROBLEM_MEDIA_TYPE } from '#shared/contracts/problem.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { principalOf, type Principal } from './principal.js';
import type { Role } from './role.js';

export const NEEDED_ROLE = 'rehome:needed-role';
export type NeededRole = Role | 'nobody';

/** Open to everybody, without a key: health, metrics, the interface's own description. */
export function Open(): CustomDecorator {
  return SetMetadata<string, NeededRole>(NEEDED_ROLE, 'nobody');
}

/** The least role a call needs, and what it does in one line; a route without either decorator is refused to all. */
export function NeedsRole(role: Role, summary: string): MethodDecorator {
  return applyDecorators(
    SetMetadata<string, NeededRole>(NEEDED_ROLE, role),
    ApiBearerAuth(),
    ApiOperation({ summary, description: `Least role: ${role}.` }),
    problemResponse(401, 'No valid API key'),
    problemResponse(403, 'The API key lacks the role'),
    problemResponse(503, 'The ledger does not answer; Retry-After says when to ask again'),
  );
}

/** Documents an answer as problem details. */
export function problemResponse(status: number, description: string): MethodDecorator {
  const schema = { $ref: '#/components/schemas/Problem' };
  return ApiResponse({ status, description, content: { [PROBLEM_MEDIA_TYPE]: { schema } } });
}

/** The class behind `problemResponse`, which the document must be given once. */
export const PROBLEM_MODELS = [Problem];

/** Who calls, as a handler's argument. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** @throws RehomeError UNAUTHENTICATED */
export function callerOf(request: FastifyRequest): Principal {
  const principal = principalOf(request);
  if (principal === undefined) throw new RehomeError('UNAUTHENTICATED', 'this call needs an API key');
  return principal;
}
