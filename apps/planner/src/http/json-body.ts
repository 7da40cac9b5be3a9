import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawServerDefault } from 'fastify';

/**
 * JSON in strict UTF-8 and nothing else; an empty body is none, whatever its content type says, because many
 * clients name the type also when they send nothing. Bodies with `__proto__` are refused by Fastify's own parser.
 */
export function takeJsonBodies(app: NestFastifyApplication, bodyLimit: number): void {
  const parse = app.getHttpAdapter().getInstance().getDefaultJsonParser('error', 'error');
  app.useBodyParser<RawServerDefault>('application/json', { bodyLimit }, (request, body, done) => {
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    try {
      void parse(request, new TextDecoder('utf-8', { fatal: true }).decode(body), done);
    } catch (error) {
      done(Object.assign(error instanceof Error ? error : new Error('unreadable'), { statusCode: 400 }));
    }
  });
}
