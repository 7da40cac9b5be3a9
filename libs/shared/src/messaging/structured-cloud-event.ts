import type { JsonObject, JsonValue } from '../contracts/json.js';
import { CORE_ATTRIBUTES, type RawCloudEvent } from './cloud-event.js';
import { invalid, isJson, parseJson, unreadable, utf8 } from './cloud-event-text.js';

/**
 * Reads the JSON format of CloudEvents 1.0, as it lies in a record of content type `application/cloudevents+json`.
 *
 * @throws RehomeError REQUEST_UNREADABLE, REQUEST_INVALID
 */
export function readStructured(text: string): RawCloudEvent {
  const envelope = parseJson(text, 'the CloudEvent');
  if (!isObject(envelope)) throw unreadable('the CloudEvent is not a JSON object');
  const { data: _data, data_base64: _base64, ...members } = envelope;
  const attributes = new Map<string, string>();
  for (const [name, value] of Object.entries(members)) {
    // A null member is the same as none (JSON format 1.0, section 2.2).
    if (value !== undefined && value !== null) attributes.set(name, attributeText(name, value));
  }
  const contentType = attributes.get('datacontenttype');
  if (contentType !== undefined && !isJson(contentType))
    throw invalid('datacontenttype', `datacontenttype "${contentType}" is not JSON`);
  return { attributes, ...readData(envelope) };
}

function readData(envelope: JsonObject): { data: JsonValue; dataText: string } {
  const { data, data_base64: base64 } = envelope;
  if (data !== undefined && base64 !== undefined)
    throw invalid('data_base64', 'the CloudEvent has both data and data_base64; send one of them');
  if (data !== undefined) return { data, dataText: JSON.stringify(data) };
  if (base64 === undefined) throw invalid('data', 'the CloudEvent has no data');
  const dataText = utf8(fromBase64(base64), 'data_base64');
  return { data: parseJson(dataText, 'data_base64'), dataText };
}

// RFC 4648, with padding. Node would skip what does not belong there.
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function fromBase64(value: JsonValue): Buffer {
  if (typeof value !== 'string' || !BASE64.test(value)) throw invalid('data_base64', 'data_base64 is not base64');
  return Buffer.from(value, 'base64');
}

/** Core attributes are strings; extensions may also be a boolean or a whole number. */
function attributeText(name: string, value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (CORE_ATTRIBUTES.has(name)) throw invalid(name, `attribute ${name} is not a string`);
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value))) return String(value);
  throw invalid(name, `attribute ${name} is neither a string, a boolean nor a whole number`);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
