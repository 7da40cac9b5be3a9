import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

export const NDJSON_MEDIA_TYPE = 'application/x-ndjson';

/**
 * Sends lines as they are made, as fast as the client reads. The first chunk is made before the headers go out,
 * so that a ledger that does not answer is still a 503 and not a broken 200.
 */
export async function sendChunks(
  reply: FastifyReply,
  mediaType: string,
  chunks: AsyncGenerator<string>,
): Promise<void> {
  const first = await chunks.next();
  const whole = async function* (): AsyncGenerator<string> {
    if (first.done === true) return;
    yield first.value;
    yield* chunks;
  };
  await reply
    .type(mediaType)
    .header('cache-control', 'no-store')
    .send(Readable.from(whole(), { objectMode: false }));
}

/** Aborts when the client has gone or the planner shuts down: whoever waits for events must not wait for ever. */
export function untilGone(reply: FastifyReply, shutdown: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    gone.abort();
  });
  return AbortSignal.any([gone.signal, shutdown]);
}
