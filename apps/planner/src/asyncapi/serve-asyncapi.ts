import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { buildAsyncApi, type NamedTopics } from './asyncapi.js';
import { requestSchemas } from './request-schemas.js';

/** `/asyncapi.json`, open like `/openapi.json`: there is nothing secret in it. Made at the first call. */
export function serveAsyncApi(app: NestFastifyApplication, topics: NamedTopics): void {
  let text: string | undefined;
  app.getHttpAdapter().get('/asyncapi.json', (_request: unknown, reply: Reply) => {
    text ??= JSON.stringify(buildAsyncApi(topics, requestSchemas(app)));
    reply.type('application/json').send(text);
  });
}

interface Reply {
  type(mediaType: string): this;
  send(text: string): this;
}
