import { randomUUID } from 'node:crypto';
import type { RequestPublisher } from '#client/request-publisher.js';
import { endsRequest, type RequestEvent } from '#client/request-events.js';

/** What a tenant pays for, and the change that is under way. */
export interface Subscription {
  readonly instanceId: string;
  /** What is billed: changes only when the database has really moved. */
  readonly plan: string;
  readonly change: Change | null;
}

export interface Change {
  readonly toPlan: string;
  readonly state: 'asked' | 'under-way' | 'done' | 'failed' | 'needs-a-person';
  readonly requestId: string;
  /** Null until Kafka has the request. */
  readonly migrationId: string | null;
  /** Why it failed. */
  readonly why?: string;
}

/**
 * Subscriptions and their upgrades. In memory, because this is an example: a real service keeps them in its database,
 * together with the ids of the events it has handled.
 */
export class Subscriptions {
  private readonly byTenant = new Map<string, Subscription>();
  private readonly tenantOfRequest = new Map<string, string>();
  private readonly handled = new Set<string>();

  constructor(private readonly publisher: Pick<RequestPublisher, 'publish'>) {}

  get(instanceId: string): Subscription | undefined {
    return this.byTenant.get(instanceId);
  }

  /** Asks for the upgrade; what is billed changes when it is done. */
  async upgrade(instanceId: string, from: string, toPlan: string): Promise<Subscription> {
    const request = { kind: 'upgrade', instanceId, toPlan } as const;
    // Chosen and kept before it is sent: the planner may tell of it before the broker has confirmed it.
    const requestId = randomUUID();
    this.tenantOfRequest.set(requestId, instanceId);
    const asked = this.keep({
      instanceId,
      plan: from,
      change: { toPlan, state: 'asked', requestId, migrationId: null },
    });
    // One subject's requests keep their order.
    const subject = `instance:${instanceId}`;
    const { migrationId } = await this.publisher.publish(request, { id: requestId, subject });
    const now = this.byTenant.get(instanceId) ?? asked;
    if (now.change?.requestId !== requestId) return now;
    return this.keep({ ...now, change: { ...now.change, migrationId } });
  }

  /** An event of any migration: those of our own requests have the request's id as correlation id. */
  handle(event: RequestEvent): Promise<void> {
    const subscription = this.byTenant.get(this.tenantOfRequest.get(event.correlationId) ?? '');
    // At least once: what was handled comes again after a crash.
    if (!subscription?.change || this.handled.has(event.eventId)) return Promise.resolve();
    this.handled.add(event.eventId);
    const change = { ...subscription.change, ...outcomeOf(event) };
    const plan = change.state === 'done' ? change.toPlan : subscription.plan;
    this.keep({ ...subscription, plan, change });
    return Promise.resolve();
  }

  private keep(subscription: Subscription): Subscription {
    this.byTenant.set(subscription.instanceId, subscription);
    return subscription;
  }
}

function outcomeOf(event: RequestEvent): Partial<Change> {
  if (!endsRequest(event)) return { state: 'under-way' };
  switch (event.type) {
    case 'MigrationCompleted':
      return { state: 'done' };
    case 'MigrationHalted':
      return { state: 'needs-a-person', why: whyOf(event) };
    default:
      return { state: 'failed', why: whyOf(event) };
  }
}

/** The failure stands in `because`, `reason` or `reasons`, by the kind of the end. */
function whyOf({ type, data }: RequestEvent): string {
  const facts: Readonly<Record<string, unknown>> =
    typeof data === 'object' && data !== null ? Object.fromEntries(Object.entries(data)) : {};
  const failures: unknown[] = [facts['because'], facts['reason'], facts['reasons']].flat();
  const details = failures.flatMap((failure) =>
    typeof failure === 'object' && failure !== null && 'detail' in failure ? String(failure.detail) : [],
  );
  return details.join('; ') || type;
}
