import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawServerDefault } from 'fastify';

/** How a tar.gz is called; what it is, its first bytes say. */
export const ARCHIVE_TYPE = 'application/gzip';

const LIMIT_BYTES = 25 * 1024 * 1024;
const TAKEN_BY = '/v1/projects/';
const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * Bytes, where an archive is asked for, whatever their type is called: curl calls everything a form that nobody called
 * otherwise. Elsewhere archives are as unreadable as any other type.
 */
export function takeArchives(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, _reply, done) => {
      if (request.method === 'PUT' && request.url.startsWith(TAKEN_BY)) request.headers['content-type'] = ARCHIVE_TYPE;
      done();
    });
  app.useBodyParser<RawServerDefault>(ARCHIVE_TYPE, { bodyLimit: LIMIT_BYTES }, (request, body, done) => {
    if (request.url.startsWith(TAKEN_BY)) done(null, body);
    else done(Object.assign(new Error('no archive is taken here'), { statusCode: 415 }));
  });
}

export function isArchive(body: unknown): body is Buffer {
  return Buffer.isBuffer(body) && body.subarray(0, GZIP.length).equals(GZIP);
}
