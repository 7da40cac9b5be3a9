import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { PROBLEM_MODELS } from '../auth/role.decorator.js';
import { HEALTH_MODELS } from '../health/health.controller.js';

const DESCRIPTION = `Moves PostgreSQL databases. Calls need \`Authorization: Bearer <API key>\`; roles are viewer, requester, approver,
operator, each with the rights of those before it. Errors are RFC 9457 problem details.`;

/** The interface, described from the same classes that validate it. */
export function buildOpenApi(app: NestFastifyApplication): OpenAPIObject {
  const document = new DocumentBuilder()
    .setTitle('Rehome planner')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addBearerAuth()
    .build();
  return SwaggerModule.createDocument(app, document, { extraModels: [...PROBLEM_MODELS, ...HEALTH_MODELS] });
}

/** `/openapi.json` for programs, `/docs` for people; both open, there is nothing secret in them. */
export function serveOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => buildOpenApi(app), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
  });
}
