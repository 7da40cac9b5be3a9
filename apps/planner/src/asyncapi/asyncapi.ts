import { readEventSchemas } from '#shared/contracts/event-schemas.js';
import { COMMAND_EVENTS } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { deadLetterTopic, PARTITIONS, TOPICS, type TopicSettings } from '#shared/contracts/topics.js';
import {
  cloudEventType,
  JSON_CONTENT,
  SPEC_VERSION,
  STRUCTURED_CONTENT,
} from '#shared/messaging/cloud-event-headers.js';
import { REQUEST_TYPE } from '../intake/requests.controller.js';
import { BINARY_REQUEST_EXAMPLE, EVENT_EXAMPLES, STRUCTURED_REQUEST_EXAMPLE } from './examples.js';
import { DEAD_LETTER_HEADERS, ledgerHeaders, requestHeaders, structuredHeaders } from './headers.js';
import { oneOfRequests } from './request-schemas.js';

const DESCRIPTION = `Moves PostgreSQL databases. Records are CloudEvents 1.0 by the Kafka protocol binding. Delivery is at least once:
drop what was seen by \`ce_id\`; a \`ce_sequence\` that is not above the last one of its key is a repeat. One migration’s events
lie in order on one partition. Objects may get further fields.`;

/** Names of the topics: those of the contract, or a test’s own. */
export interface NamedTopics {
  readonly requests: string;
  readonly commands: string;
  readonly events: string;
}

/** AsyncAPI 3.0: what goes over Kafka, from the types and classes of the code. */
export function buildAsyncApi(topics: NamedTopics, requests: Readonly<Record<string, JsonObject>>): JsonObject {
  const { events, schemas } = readEventSchemas();
  const clash = Object.keys(requests).filter((name) => name in schemas);
  if (clash.length > 0) throw new TypeError(`requests and events both name ${clash.join(', ')}: rename one`);
  const eventMessages = Object.fromEntries(events.map((name) => [name, eventMessage(name)]));
  const messages: JsonObject = {
    request: binaryRequest(),
    structuredRequest: structuredRequest(),
    deadLetter: { title: 'A record that could not be taken, unchanged', headers: DEAD_LETTER_HEADERS },
    ...eventMessages,
  };
  const channels = channelsOf(topics, events);
  return {
    asyncapi: '3.0.0',
    info: { title: 'Rehome', version: '1', description: DESCRIPTION, license: { name: 'MIT' } },
    defaultContentType: JSON_CONTENT,
    channels,
    operations: operationsOf(),
    components: { messages, schemas: { ...requests, ...schemas, StructuredRequest: structuredEnvelope() } },
  };
}

function channelsOf(topics: NamedTopics, events: readonly string[]): JsonObject {
  const [requests, commands, published, ...deadLetters] = TOPICS;
  const letters = (topic: string, settings: TopicSettings | undefined): JsonObject =>
    channel(deadLetterTopic(topic), settings, ['deadLetter'], 'What could not be read or taken there, unchanged');
  return {
    requests: channel(topics.requests, requests, ['request', 'structuredRequest'], 'Requests; key: the subject'),
    commands: channel(topics.commands, commands, COMMAND_EVENTS, 'For executors only; key: the migration’s id'),
    events: channel(topics.events, published, events, 'The whole ledger; key: the migration’s id, else the stream'),
    requestsDeadLetters: letters(topics.requests, deadLetters[0]),
    commandsDeadLetters: letters(topics.commands, deadLetters[1]),
    eventsDeadLetters: letters(topics.events, deadLetters[2]),
  };
}

function channel(
  address: string,
  settings: TopicSettings | undefined,
  messages: readonly string[],
  description: string,
): JsonObject {
  const topicConfiguration = { 'cleanup.policy': ['delete'], 'retention.ms': settings?.retentionMs ?? -1 };
  return {
    address,
    description,
    messages: Object.fromEntries(messages.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
    bindings: { kafka: { topic: address, partitions: PARTITIONS, topicConfiguration, bindingVersion: '0.5.0' } },
  };
}

function operationsOf(): JsonObject {
  const operation = (action: 'send' | 'receive', name: string, summary: string): JsonObject => ({
    action,
    channel: { $ref: `#/channels/${name}` },
    summary,
  });
  return {
    takeRequests: operation('receive', 'requests', 'The planner takes requests for migrations'),
    commandSteps: operation('send', 'commands', 'The planner commands steps'),
    publishEvents: operation('send', 'events', 'The planner publishes every event of the ledger'),
    putRequestsAside: operation('send', 'requestsDeadLetters', 'What the planner could not take'),
    putCommandsAside: operation('send', 'commandsDeadLetters', 'What an executor could not take'),
  };
}

function eventMessage(name: string): JsonObject {
  const example = EVENT_EXAMPLES[name];
  const type = cloudEventType(name, 1);
  return {
    name: type,
    title: name,
    contentType: JSON_CONTENT,
    headers: ledgerHeaders(type),
    payload: { $ref: `#/components/schemas/${name}` },
    bindings: { kafka: { key: { type: 'string' }, bindingVersion: '0.5.0' } },
    ...(example === undefined ? {} : { examples: [{ name, payload: example }] }),
  };
}

function binaryRequest(): JsonObject {
  return {
    name: REQUEST_TYPE,
    title: 'A request for a migration, in binary mode',
    contentType: JSON_CONTENT,
    headers: requestHeaders(REQUEST_TYPE),
    payload: oneOfRequests(),
    bindings: { kafka: { key: { type: 'string', description: 'The subject' }, bindingVersion: '0.5.0' } },
    examples: [BINARY_REQUEST_EXAMPLE],
  };
}

function structuredRequest(): JsonObject {
  return {
    name: REQUEST_TYPE,
    title: 'A request for a migration, in structured mode',
    contentType: STRUCTURED_CONTENT,
    headers: structuredHeaders(STRUCTURED_CONTENT),
    payload: { $ref: '#/components/schemas/StructuredRequest' },
    examples: [STRUCTURED_REQUEST_EXAMPLE],
  };
}

function structuredEnvelope(): JsonObject {
  const text = { type: 'string', minLength: 1 };
  return {
    type: 'object',
    required: ['specversion', 'id', 'source', 'type', 'data'],
    properties: {
      specversion: { type: 'string', const: SPEC_VERSION },
      id: text,
      source: text,
      type: { type: 'string', const: REQUEST_TYPE },
      datacontenttype: { type: 'string' },
      traceparent: { type: 'string' },
      data: oneOfRequests(),
    },
  };
}
