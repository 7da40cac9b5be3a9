import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { PlannerError } from './planner-error.js';
import { RehomeClient } from './rehome-client.js';

let server: Server | undefined;
const asked: IncomingMessage[] = [];

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  if (server?.listening === true) await once(server, 'close');
  asked.length = 0;
});

/** A planner that answers the first call with the first answer, and so on; the last one for ever. */
async function planner(...answers: ((response: ServerResponse) => void)[]): Promise<RehomeClient> {
  server = createServer((request, response) => {
    asked.push(request);
    request.resume();
    (answers[asked.length - 1] ?? answers.at(-1))?.(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return new RehomeClient({ url: `http://127.0.0.1:${String(port)}`, apiKey: 'rk_1' });
}

const json = (status: number, body: object) => (response: ServerResponse) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const away = json(503, { code: 'LEDGER_UNAVAILABLE', detail: 'the ledger does not answer' });
const hangUp = (response: ServerResponse) => response.destroy();

describe('a call of the planner', () => {
  it('is asked again with the same key when the planner is away for a moment', async () => {
    const client = await planner(away, hangUp, json(202, { migrationId: 'm' }));
    expect(await client.submit({ kind: 'upgrade', instanceId: 'a', toPlan: 'b' })).toEqual({ migrationId: 'm' });
    const keys = asked.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([keys[0], keys[0], keys[0]]);
    expect(asked[0]?.headers.authorization).toBe('Bearer rk_1');
  });

  it('is not asked twice when it may have taken effect', async () => {
    const client = await planner(away, json(202, {}));
    await expect(client.act('m', 'retry', {})).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE', status: 503 });
    expect(asked).toHaveLength(1);
  });

  it('fails with code, status and every field that is wrong', async () => {
    const errors = [{ pointer: '/toPlan', message: 'is missing' }];
    const client = await planner(json(400, { code: 'REQUEST_INVALID', detail: 'no', errors, links: { holder: 'x' } }));
    const failure: unknown = await client.submit({}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PlannerError);
    expect(failure).toMatchObject({ code: 'REQUEST_INVALID', status: 400, errors, links: { holder: 'x' } });
    expect(asked).toHaveLength(1);
  });

  it('tells a proxy from a planner, and a wrong address from none', async () => {
    const client = await planner((response) => response.writeHead(404).end('<html>'));
    await expect(client.migration('m')).rejects.toMatchObject({ code: 'ANSWER_UNREADABLE', status: 404 });
    const nobody = new RehomeClient({ url: 'http://127.0.0.1:9', retries: 0 });
    await expect(nobody.list()).rejects.toMatchObject({ code: 'UNREACHABLE', status: 0 });
    expect(() => new RehomeClient({ url: 'planner:8400' })).toThrow(/is no address/);
  });
});

describe('who waits for a migration', () => {
  const impatient = async (...answers: Parameters<typeof planner>) => {
    await planner(...answers);
    const { port } = server?.address() as AddressInfo;
    return new RehomeClient({ url: `http://127.0.0.1:${String(port)}`, retries: 0 });
  };

  it('waits for a planner that restarts, too, however few tries other calls have', async () => {
    const client = await impatient(
      json(200, { status: 'migrating' }),
      hangUp,
      away,
      json(200, { status: 'completed' }),
    );
    expect(await client.untilAtRest('m')).toEqual({ status: 'completed' });
  });

  it('hears of every try that failed, and of the last one when the patience is over', async () => {
    const told: string[] = [];
    const patience = { ms: 1_000, onAway: ({ message }: Error) => told.push(message) };
    const client = await impatient(away);
    await expect(client.migration('m', { patience })).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    expect(told[0]).toBe('the ledger does not answer');
  });
});

it('every call ends with the signal of its connection', async () => {
  const ended = new AbortController();
  await planner(() => {
    ended.abort(new Error('Ctrl-C'));
  });
  const { port } = server?.address() as AddressInfo;
  const client = new RehomeClient({ url: `http://127.0.0.1:${String(port)}`, signal: ended.signal });
  await expect(client.verify()).rejects.toThrow('Ctrl-C');
  await expect(client.list()).rejects.toThrow('Ctrl-C');
});

describe('live events', () => {
  const event = (position: string, type: string) =>
    `id: ${position}\nevent: ${type}\ndata: ${JSON.stringify({ position, type })}\n\n`;
  const stream =
    (...texts: readonly string[]) =>
    (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const text of texts) response.write(text);
      setImmediate(() => response.destroy());
    };

  it('go on behind the last one when the connection breaks, each once, until the migration is over', async () => {
    const client = await planner(
      stream('retry: 1000\n\n', event('3', 'MigrationRequested'), event('5', 'PlanCompiled')),
      away,
      stream(': still here\n\n', event('9', 'MigrationCompleted')),
    );
    const heard: string[] = [];
    for await (const { position } of client.follow('m')) heard.push(position);
    expect(heard).toEqual(['3', '5', '9']);
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual(['0', '5', '5']);
  });

  it('end at once when nothing follows, and fail at once when there is no such migration', async () => {
    const over = await planner((response) => response.writeHead(204).end());
    for await (const { type } of over.follow('m', { after: '9' })) throw new Error(type);
    expect(asked[0]?.headers['last-event-id']).toBe('9');
    server?.close();
    const none = await planner(json(404, { code: 'NOT_FOUND', detail: 'none' }));
    await expect(none.follow('m').next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a project', () => {
  it('is sent as the archive that it is', async () => {
    const client = await planner(json(200, { name: 'shop', digest: 'd' }));
    expect(await client.putProject('shop', Buffer.from('archive'))).toMatchObject({ name: 'shop' });
    expect([asked[0]?.method, asked[0]?.url]).toEqual(['PUT', '/v1/projects/shop']);
    expect(asked[0]?.headers).toMatchObject({ 'content-type': 'application/gzip', 'content-length': '7' });
  });

  it('is read from its folder, under the name that project.yaml says', async () => {
    const client = await planner(json(200, {}));
    await client.pushFolder('examples/epsm');
    expect(asked[0]?.url).toBe('/v1/projects/epsm');
    await expect(client.pushFolder('examples/requests')).rejects.toThrow('holds no project.yaml');
  });

  it('needs a migration when an apply would do something, and fails with the reasons when it would be refused [d8]', async () => {
    const decided = { planId: 'p', reasons: [] };
    const client = await planner(
      json(200, { ...decided, status: 'completed', steps: [{}] }),
      json(200, { ...decided, status: 'completed', steps: [] }),
      json(200, { ...decided, status: 'refused', reasons: [{ code: 'COVERAGE_INCOMPLETE', detail: 'results' }] }),
    );
    expect(await client.migrationNeeded('shop')).toBe(true);
    expect(await client.migrationNeeded({ project: 'shop' })).toBe(false);
    await expect(client.migrationNeeded('shop')).rejects.toMatchObject({ code: 'COVERAGE_INCOMPLETE' });
  });

  it('is brought up to date behind whoever does it already [d8 e8]', async () => {
    const client = await planner(
      json(202, { migrationId: 'm' }),
      json(200, { status: 'scheduled' }),
      json(200, { status: 'completed', result: { applied: 0 } }),
    );
    expect(await client.applyIfNeeded('shop')).toMatchObject({ status: 'completed', result: { applied: 0 } });
    expect(asked.map(({ url }) => url)).toEqual(['/v1/migrations', '/v1/migrations/m', '/v1/migrations/m?wait=30']);
  });
});
