import { HttpException } from '@nestjs/common';
import { assertNever } from '../errors/assert-never.js';
import { RehomeError, toRehomeError } from '../errors/rehome-error.js';

/**
 * What becomes of a record whose handler failed.
 * `reject`: the record is at fault; dead letter, go on.
 * `wait`: something around is at fault; pause, try again, never drop.
 * `suspect`: nobody knows; wait a bounded number of times, then reject, so that a bug in a handler neither
 * loses records during a short outage nor stops a partition for ever.
 */
export type HandlerFailure = { readonly verdict: 'reject' | 'wait' | 'suspect'; readonly error: RehomeError };

/** Judges by the error's code, or by a 4xx of a Nest pipe or guard; never by message text. */
export function judgeFailure(thrown: unknown): HandlerFailure {
  if (thrown instanceof RehomeError) return { verdict: verdictOf(thrown), error: thrown };
  if (thrown instanceof HttpException && thrown.getStatus() < 500)
    return { verdict: 'reject', error: new RehomeError('REQUEST_INVALID', messagesOf(thrown), { cause: thrown }) };
  // Without `RpcErrors` Nest hides the cause behind {status, message}: it may be the database, so never drop.
  if (!(thrown instanceof Error))
    return {
      verdict: 'wait',
      error: new RehomeError(
        'INTERNAL',
        'the handler failed and Nest hid why; add @UseFilters(RpcErrors) to its controller',
      ),
    };
  return { verdict: 'suspect', error: toRehomeError(thrown) };
}

function verdictOf(error: RehomeError): HandlerFailure['verdict'] {
  if (error.code === 'INTERNAL') return 'suspect';
  switch (error.disposition) {
    case 'retry':
    case 'halt':
      return 'wait';
    case 'reject':
    case 'abandon':
      return 'reject';
    default:
      return assertNever(error.disposition);
  }
}

/** ValidationPipe puts one line per field into the response. */
function messagesOf(exception: HttpException): string {
  const response = exception.getResponse();
  const messages = typeof response === 'object' && 'message' in response ? response.message : exception.message;
  return Array.isArray(messages) ? messages.join('; ') : String(messages);
}
