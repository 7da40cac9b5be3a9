import { traceparentOf } from '../observability/trace-context.js';
import { checkCloudEvent, type CloudEvent, type RawCloudEvent } from './cloud-event.js';
import { CE_PREFIX, CONTENT_TYPE, STRUCTURED_CONTENT, TRACEPARENT } from './cloud-event-headers.js';
import { invalid, isJson, mediaType, parseJson, utf8 } from './cloud-event-text.js';
import type { IncomingRecord, RecordHeaders } from './kafka-record.js';
import { readStructured } from './structured-cloud-event.js';

type Message = Pick<IncomingRecord, 'value' | 'headers'>;

/**
 * Reads a record as a CloudEvent by the Kafka protocol binding 1.0, binary or structured.
 *
 * @throws RehomeError REQUEST_UNREADABLE when bytes or JSON cannot be read, REQUEST_INVALID when an attribute
 *   is missing or wrong; `facts.attribute` names it.
 */
export function decodeCloudEvent(message: Message): CloudEvent {
  const contentType = headerText(message.headers, CONTENT_TYPE);
  const isStructured = mediaType(contentType).startsWith('application/cloudevents');
  return checkCloudEvent(isStructured ? structured(message, contentType) : binary(message, contentType));
}

function structured({ value }: Message, contentType: string | undefined): RawCloudEvent {
  // The batched form has no Kafka binding.
  if (mediaType(contentType) !== STRUCTURED_CONTENT)
    throw invalid(
      'datacontenttype',
      `content-type "${contentType ?? ''}" is not supported; send ${STRUCTURED_CONTENT}`,
    );
  return readStructured(utf8(value, 'the value'));
}

function binary({ headers, value }: Message, contentType: string | undefined): RawCloudEvent {
  const attributes = attributeHeaders(headers);
  if (!Object.keys(headers).some((name) => name.startsWith(CE_PREFIX)))
    throw invalid(
      'specversion',
      `not a CloudEvent: neither ${CE_PREFIX}… headers (binary mode) nor content-type ${STRUCTURED_CONTENT} (structured mode)`,
    );
  if (contentType !== undefined && !isJson(contentType))
    throw invalid('datacontenttype', `content-type "${contentType}" is not JSON`);
  const dataText = utf8(value, 'the value');
  return { attributes, data: parseJson(dataText, 'the value'), dataText };
}

function attributeHeaders(headers: RecordHeaders): Map<string, string> {
  const attributes = new Map<string, string>();
  const trace = traceContext(headers[TRACEPARENT]);
  if (trace !== undefined) attributes.set(TRACEPARENT, trace);
  for (const name of Object.keys(headers).filter((header) => header.startsWith(CE_PREFIX))) {
    const text = headerText(headers, name);
    if (text !== undefined) attributes.set(name.slice(CE_PREFIX.length), text);
  }
  return attributes;
}

/** Tracing is nobody's contract with us: what is not W3C trace context is passed over, as the W3C asks. */
export function traceContext(value: RecordHeaders[string]): string | undefined {
  return traceparentOf(Buffer.isBuffer(value) ? value.toString('latin1') : value);
}

function headerText(headers: RecordHeaders, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined || typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return utf8(value, `header ${name}`);
  const attribute = name.startsWith(CE_PREFIX) ? name.slice(CE_PREFIX.length) : name;
  throw invalid(attribute, `header ${name} comes ${String(value.length)} times; send it once`);
}
