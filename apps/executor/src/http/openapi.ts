import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

const DESCRIPTION = `Runs the steps of migrations. Commands reach it by Kafka, signed; over HTTP it tells how it is, to everybody, and takes
nothing. What is asked of Rehome is asked of the planner.`;

/** `/openapi.json` for programs, `/docs` for people, as at the planner; both open, there is nothing secret in them. */
export function serveOpenApi(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => buildOpenApi(app), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
  });
}

function buildOpenApi(app: NestFastifyApplication): OpenAPIObject {
  const document = new DocumentBuilder().setTitle('Rehome executor').setDescription(DESCRIPTION).setVersion('1');
  return SwaggerModule.createDocument(app, document.build());
}
