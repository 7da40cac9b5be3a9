import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { RawServerDefault } from 'fastify';

/** How clients call a tar.gz. */
export const ARCHIVE_TYPES = ['application/gzip', 'application/x-tar+gzip', 'application/octet-stream'] as const;

const LIMIT_BYTES = 25 * 1024 * 1024;
const TAKEN_BY = '/v1/projects/';

/** Archives, where one is asked for: elsewhere they are as unreadable as any other type. */
export function takeArchives(app: NestFastifyApplication): void {
  for (const type of ARCHIVE_TYPES)
    app.useBodyParser<RawServerDefault>(type, { bodyLimit: LIMIT_BYTES }, (request, body, done) => {
      if (request.url.startsWith(TAKEN_BY)) done(null, body);
      else done(Object.assign(new Error('no archive is taken here'), { statusCode: 415 }));
    });
}
