import { randomUUID } from 'node:crypto';
import pRetry from 'p-retry';
import { REQUESTS_TOPIC } from '#shared/contracts/topics.js';
import { migrationIdOfRequest } from '#shared/contracts/uuid.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { CE, CONTENT_TYPE, JSON_CONTENT, SPEC_VERSION, TRACEPARENT } from '#shared/messaging/cloud-event-headers.js';
import { KafkaClient, type KafkaAddress } from '#shared/messaging/kafka-client.js';
import type { OutgoingRecord } from '#shared/messaging/kafka-record.js';
import { RecordSender } from '#shared/messaging/record-sender.js';
import { silentLogger, type Logger } from '#shared/observability/logger.js';
import type { AnyRequest } from './rehome-client.js';

export interface PublisherOptions extends Omit<KafkaAddress, 'clientId'> {
  /** `ce_source`: who asks, as it stands in the registry. */
  readonly source: string;
  /** `source` when absent. */
  readonly clientId?: string;
  readonly logger?: Logger;
}

export interface PublishOptions {
  /** `ce_id`; the same id again is the same request. A new one when absent. */
  readonly id?: string;
  /** Requests of one subject keep their order; `id` when absent. */
  readonly subject?: string;
  /** W3C trace context, carried to every step. */
  readonly traceparent?: string;
}

export interface PublishedRequest {
  /** `ce_id`, the correlation id of every event that follows. */
  readonly requestId: string;
  readonly migrationId: string;
}

const REQUEST_TYPE = 'rehome.request';
const RETRIES = 5;

/** Asks for migrations over Kafka: CloudEvents in binary mode on `rehome.requests.v1`. */
export class RequestPublisher {
  private readonly sender: RecordSender;
  private readonly source: string;

  constructor({ source, clientId, logger, ...address }: PublisherOptions) {
    this.source = source;
    this.sender = new RecordSender(
      new KafkaClient({ ...address, clientId: clientId ?? `rehome-client${source}` }, logger ?? silentLogger()),
    );
  }

  /**
   * Resolves when all in-sync replicas have the request. It is sent again after an error, because the planner takes each
   * id once.
   *
   * @throws RehomeError KAFKA_UNAVAILABLE
   */
  async publish(request: AnyRequest, options: PublishOptions = {}): Promise<PublishedRequest> {
    const requestId = options.id ?? randomUUID();
    const record = recordOf(request, { ...options, id: requestId, source: this.source });
    await pRetry(() => this.sender.send([record]), {
      retries: RETRIES,
      minTimeout: 200,
      maxTimeout: 2_000,
      shouldRetry: ({ error }) => error instanceof RehomeError && error.code === 'KAFKA_UNAVAILABLE',
    });
    return { requestId, migrationId: migrationIdOfRequest(this.source, requestId) };
  }

  /** Waits for sends under way. */
  close(): Promise<void> {
    return this.sender.close();
  }
}

function recordOf(
  request: AnyRequest,
  { id, source, subject, traceparent }: PublishOptions & { readonly id: string; readonly source: string },
): OutgoingRecord {
  return {
    topic: REQUESTS_TOPIC,
    key: subject ?? id,
    value: JSON.stringify(request),
    headers: {
      [CONTENT_TYPE]: JSON_CONTENT,
      [CE.specversion]: SPEC_VERSION,
      [CE.type]: REQUEST_TYPE,
      [CE.source]: source,
      [CE.id]: id,
      [CE.time]: new Date().toISOString(),
      [CE.subject]: subject,
      [TRACEPARENT]: traceparent,
    },
  };
}
