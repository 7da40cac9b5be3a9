import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface JsonRequest {
  readonly method: string;
  /** Decoded parts of the path. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** The body as JSON, undefined when there is none. */
  readonly body: unknown;
}

export interface JsonAnswer {
  readonly status: number;
  /** An object is sent as JSON, a string as it is. */
  readonly body?: object | string;
}

/** `undefined` leaves the caller without an answer, for tests of time-outs. */
export type JsonHandler = (request: JsonRequest) => Promise<JsonAnswer | undefined> | JsonAnswer | undefined;

/** A small HTTP server on this machine's loopback. Port 0 takes a free one. */
export async function listenJson(
  port: number,
  handle: JsonHandler,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    serve(request, response, handle).catch((error: unknown) => {
      send(response, { status: error instanceof SyntaxError ? 400 : 500, body: { error: String(error) } });
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function serve(request: IncomingMessage, response: ServerResponse, handle: JsonHandler): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = url.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  const body = text === '' ? undefined : (JSON.parse(text) as unknown);
  const answer = await handle({
    method: request.method ?? 'GET',
    path,
    query: url.searchParams,
    headers: request.headers,
    body,
  });
  if (answer) send(response, answer);
}

function send(response: ServerResponse, { status, body }: JsonAnswer): void {
  if (response.headersSent) return;
  const text = typeof body === 'string';
  response.writeHead(status, { 'content-type': text ? 'text/plain; charset=utf-8' : 'application/json' });
  response.end(text ? body : JSON.stringify(body ?? {}));
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
