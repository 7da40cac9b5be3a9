import { randomUUID } from 'node:crypto';
import type { EventMetadata, EventTypes, NewEvent } from '#shared/contracts/events.js';
import type { StreamId } from '#shared/contracts/ids.js';
import type {
  EntitlementsDefinition,
  InstanceDefinition,
  PolicyDefinition,
  ServerDefinition,
  ServiceDefinition,
  SourceDefinition,
} from '#shared/contracts/registry.js';
import { instanceStream, registryStream } from '#shared/contracts/streams.js';
import { canonicalJson } from '#shared/contracts/canonical-json.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerEffect } from '#shared/ledger/ledger-effect.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { traceparentOfId } from '#shared/observability/trace-context.js';
import { activeTraceparent } from '#shared/observability/tracing.js';
import { RequestRefused } from '../http/request-refused.js';
import type { Entry } from './registry-entries.js';

/** A definition on its way into the ledger. */
export type Definition =
  | { readonly type: 'ServerRegistered'; readonly data: ServerDefinition }
  | { readonly type: 'ServiceRegistered'; readonly data: ServiceDefinition }
  | { readonly type: 'EntitlementsSet'; readonly data: EntitlementsDefinition }
  | { readonly type: 'SourceRegistered'; readonly data: SourceDefinition }
  | { readonly type: 'PolicySet'; readonly data: PolicyDefinition }
  | { readonly type: 'ProjectRegistered'; readonly data: EventTypes['ProjectRegistered'] }
  | { readonly type: 'InstanceRegistered'; readonly data: InstanceDefinition };

export interface Change {
  readonly definition: Definition;
  /** What stands now, undefined when nothing does. */
  readonly before: Entry<object> | undefined;
  /** Who changes it: `key:<name>` or `catalogue`. */
  readonly actor: string;
}

/** Whether a change was written, or said what stands already. */
export type Written = 'registered' | 'unchanged';

/** Appends definitions; the same definition again appends nothing. */
export class RegistryWriter {
  constructor(private readonly writer: LedgerWriter) {}

  /**
   * @throws RehomeError LEDGER_CONFLICT when somebody else changed the entry meanwhile.
   * @throws RequestRefused SUBJECT_BUSY when a migration holds the instance.
   */
  async write({ definition, before, actor }: Change): Promise<Written> {
    if (before !== undefined && canonicalJson(before.definition) === canonicalJson(definition.data)) return 'unchanged';
    const eventId = randomUUID();
    const traceparent = activeTraceparent() ?? traceparentOfId(eventId);
    const metadata: EventMetadata = { correlationId: eventId, causationId: eventId, actor, traceparent };
    const event: NewEvent = { eventId, schemaVersion: 1, metadata, ...definition };
    const answer = await this.writer.append({
      appends: [{ stream: streamOf(definition), expected: before?.version ?? 0, events: [event] }],
      effects: guardEffects(definition),
    });
    if (answer.outcome === 'refused') throw heldByMigration(answer.detail['holder']);
    if (answer.outcome === 'conflict')
      throw new RehomeError(
        'LEDGER_CONFLICT',
        `${answer.stream} was changed by somebody else meanwhile; read it and try again`,
      );
    return 'registered';
  }
}

export function streamOf(definition: Definition): StreamId {
  switch (definition.type) {
    case 'ServerRegistered':
      return registryStream('server', definition.data.name);
    case 'ServiceRegistered':
      return registryStream('service', definition.data.name);
    case 'EntitlementsSet':
      return registryStream('entitlements', definition.data.plan);
    case 'SourceRegistered':
      return registryStream('source', definition.data.source);
    case 'PolicySet':
      return registryStream('policy', definition.data.name);
    case 'ProjectRegistered':
      return registryStream('project', definition.data.name);
    case 'InstanceRegistered':
      return instanceStream(definition.data.instanceId);
  }
}

/** A tenant that is being moved must not be rewritten: its subject is taken and given back within the same append. */
function guardEffects(definition: Definition): LedgerEffect[] {
  if (definition.type !== 'InstanceRegistered') return [];
  const migrationId = randomUUID();
  const subjects = [`instance:${definition.data.instanceId}`];
  return [
    { effect: 'reserve', migrationId, subjects },
    { effect: 'release', migrationId },
  ];
}

function heldByMigration(holder: unknown): RequestRefused {
  const id = typeof holder === 'string' ? holder : 'unknown';
  return new RequestRefused('SUBJECT_BUSY', `migration ${id} works on this instance; change it afterwards`, {
    links: { holder: `/v1/migrations/${id}` },
  });
}
