import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { ApiKeys } from './api-keys.js';
import { rememberPrincipal } from './principal.js';
import { NEEDED_ROLE, type NeededRole } from './role.decorator.js';
import { roleCovers } from './role.js';

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]{1,512})$/i;

/** Asks every call for a key whose role covers what the route needs. A route that states nothing is closed. */
@Injectable()
export class RoleGuard implements CanActivate {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Kafka handlers: who may publish is checked by source, in intake.
    if (context.getType() !== 'http') return true;
    const needed = this.reflector.get<NeededRole | undefined>(NEEDED_ROLE, context.getHandler());
    if (needed === 'nobody') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined) throw new RehomeError('UNAUTHENTICATED', 'send the header Authorization: Bearer <API key>');
    const principal = await this.apiKeys.find(key);
    if (principal === undefined) throw new RehomeError('UNAUTHENTICATED', 'the API key is unknown or was revoked');
    rememberPrincipal(request, principal);
    if (needed !== undefined && roleCovers(principal.role, needed)) return true;
    throw new RehomeError(
      'FORBIDDEN',
      `this call needs the role ${needed ?? 'of nobody'}; the key ${principal.keyName} holds ${principal.role}`,
    );
  }
}
