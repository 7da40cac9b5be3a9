import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { traceparentField } from '#shared/observability/trace-context.js';
import { activeTraceparent } from '#shared/observability/tracing.js';
import { allowedUrl, type AllowedHosts } from './allowed-hosts.js';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
  /** From the first byte sent to the last received. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly allowedHosts: AllowedHosts;
  readonly signal: AbortSignal;
}

export type HttpOutcome =
  | { readonly outcome: 'answered'; readonly status: number; readonly text: string }
  | { readonly outcome: 'too-large' }
  /** `reason` is a Node error code such as ECONNREFUSED, or `timed out`. */
  | { readonly outcome: 'unreachable'; readonly reason: string };

/**
 * One call, one answer, nothing followed: a redirect is an answer like any other. Built on node:http because the
 * global fetch gives up after 300 s without headers, and provisioning may take 600.
 * @throws RehomeError ADDRESS_NOT_ALLOWED; the signal's reason when it is aborted.
 */
export async function callHttp(call: HttpCall): Promise<HttpOutcome> {
  const url = allowedUrl(call.url, call.allowedHosts);
  call.signal.throwIfAborted();
  const timeout = AbortSignal.timeout(call.timeoutMs);
  try {
    return await exchange(url, call, AbortSignal.any([call.signal, timeout]));
  } catch (error) {
    call.signal.throwIfAborted();
    return { outcome: 'unreachable', reason: timeout.aborted ? 'timed out' : codeOf(error) };
  }
}

async function exchange(url: URL, call: HttpCall, signal: AbortSignal): Promise<HttpOutcome> {
  const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
  const headers = {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    'content-length': String(body?.length ?? 0),
    ...traceparentField(activeTraceparent()),
    ...call.headers,
  };
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // A connection of its own: one kept from before a restart of the other side would fail the next call.
    const request = send(url, { method: call.method, headers, signal, agent: false });
    request.once('response', resolve).once('error', reject).end(body);
  });
  return readAnswer(response, call.maxAnswerBytes);
}

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<HttpOutcome> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      response.destroy();
      return { outcome: 'too-large' };
    }
    chunks.push(chunk);
  }
  return { outcome: 'answered', status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'connection failed';
}
