import { RequestEvents } from '#client/request-events.js';
import { RequestPublisher } from '#client/request-publisher.js';
import { listenJson, type JsonAnswer, type JsonRequest } from '../sample-tenant/json-server.js';
import { endWithParent, printLine, untilToldToEnd } from '../sample-tenant/ready-line.js';
import { Subscriptions } from './subscriptions.js';

/**
 * A billing service that lets Rehome move the tenants who pay for more: it asks over Kafka and follows the events of its
 * requests. `PUT /subscriptions/{tenant}` `{from, toPlan}` asks, `GET` tells how it stands.
 */
async function main(): Promise<void> {
  const ended = untilToldToEnd();
  const brokers = (process.env['BILLING_KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(',');
  const publisher = new RequestPublisher({ brokers, source: process.env['BILLING_SOURCE'] ?? '/billing' });
  const subscriptions = new Subscriptions(publisher);
  const groupId = process.env['BILLING_GROUP'] ?? 'billing';
  const events = new RequestEvents({ brokers, groupId, onEvent: (event) => subscriptions.handle(event) });
  events.start();
  const server = await listenJson(Number(process.env['BILLING_PORT'] ?? 0), (request) =>
    answer(subscriptions, request),
  );
  if (process.argv.includes('--end-with-parent')) endWithParent();
  printLine({ ready: true, pid: process.pid, port: server.port, url: `http://127.0.0.1:${String(server.port)}` });
  await ended;
  await server.close();
  await events.close();
  await publisher.close();
}

async function answer(subscriptions: Subscriptions, { method, path, body }: JsonRequest): Promise<JsonAnswer> {
  const [collection, tenant] = path;
  if (collection !== 'subscriptions' || tenant === undefined) return { status: 404, body: {} };
  if (method === 'PUT') {
    const wish = wishOf(body);
    if (wish === undefined) return { status: 400, body: { error: 'give {"from": "basic", "toPlan": "premium"}' } };
    return { status: 202, body: await subscriptions.upgrade(tenant, wish.from, wish.toPlan) };
  }
  const subscription = subscriptions.get(tenant);
  return subscription === undefined ? { status: 404, body: {} } : { status: 200, body: subscription };
}

function wishOf(body: unknown): { readonly from: string; readonly toPlan: string } | undefined {
  if (typeof body !== 'object' || body === null || !('from' in body) || !('toPlan' in body)) return undefined;
  const { from, toPlan } = body;
  return typeof from === 'string' && typeof toPlan === 'string' ? { from, toPlan } : undefined;
}

await main();
