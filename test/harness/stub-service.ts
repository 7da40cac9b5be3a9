import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** The controller of a pretended service: speaks the `http` driver's protocol and remembers what it was told. */
export class StubService {
  state = 'running';
  environment: Record<string, string> = {};
  resources: Record<string, unknown> = {};
  readonly calls: string[] = [];
  /** What happens when it is started and stopped, such as connecting somewhere. */
  onStart: () => Promise<void> = () => Promise.resolve();
  onStop: () => Promise<void> = () => Promise.resolve();
  /** While true a stop is heard, but never reached. */
  ignoresStop = false;
  /** Status of every answer while set. */
  failing: number | undefined;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<StubService> {
    const server = createServer();
    const stub = new StubService(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        void stub.answer(`${request.method ?? ''} ${request.url ?? ''}`, Buffer.concat(chunks).toString(), response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return stub;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(call: string, body: string, response: ServerResponse): Promise<void> {
    this.calls.push(call);
    if (this.failing !== undefined) {
      response.writeHead(this.failing).end();
      return;
    }
    if (call === 'POST /stop' && !this.ignoresStop) {
      await this.onStop();
      this.state = 'stopped';
    }
    if (call === 'POST /start') {
      this.state = await this.onStart().then(
        () => 'running',
        () => 'exited',
      );
    }
    if (call === 'PUT /environment') this.environment = { ...this.environment, ...parse<string>(body) };
    if (call === 'PUT /resources') this.resources = parse(body);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ state: this.state, healthy: this.state === 'running', restarts: 0 }));
  }
}

function parse<T>(body: string): Record<string, T> {
  return JSON.parse(body) as Record<string, T>;
}
