import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What the stub says to one call; `hang` never answers, `drop` closes the connection. */
export type Reply =
  { readonly status?: number; readonly body?: string; readonly headers?: Record<string, string> } | 'hang' | 'drop';

/** A real HTTP server for the tests of clients: answers from a script and keeps what it was asked. */
export class StubServer {
  readonly seen: Seen[] = [];
  private replies: Reply[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<StubServer> {
    const server = createServer();
    const stub = new StubServer(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        stub.seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
        const reply = stub.replies.length > 1 ? stub.replies.shift() : stub.replies[0];
        if (reply === 'hang') return;
        if (reply === 'drop') request.socket.destroy();
        else response.writeHead(reply?.status ?? 200, reply?.headers).end(reply?.body ?? '');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return stub;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** The last reply is given again and again. */
  answer(...replies: Reply[]): void {
    this.replies = replies;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
