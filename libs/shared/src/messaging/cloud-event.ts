import type { JsonValue } from '../contracts/json.js';
import { CE, CE_PREFIX, SPEC_VERSION } from './cloud-event-headers.js';
import { invalid } from './cloud-event-text.js';

/** A CloudEvent 1.0 as it was understood; in which mode it came makes no difference. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly data: JsonValue;
  /** Exact text of `data` in binary mode; made again from the value in structured mode. */
  readonly dataText: string;
  /** Extension attributes by name, as text. */
  readonly extensions: Readonly<Record<string, string>>;
}

/** What both modes are reduced to before it is checked. */
export interface RawCloudEvent {
  readonly attributes: ReadonlyMap<string, string>;
  readonly data: JsonValue;
  readonly dataText: string;
}

/** Attributes that the specification itself names; all others are extensions. */
export const CORE_ATTRIBUTES: ReadonlySet<string> = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
]);

/** @throws RehomeError REQUEST_INVALID, `facts.attribute` names the attribute that is missing or wrong. */
export function checkCloudEvent({ attributes, data, dataText }: RawCloudEvent): CloudEvent {
  for (const [name, value] of attributes) checkAttribute(name, value);
  const specversion = required(attributes, 'specversion');
  if (specversion !== SPEC_VERSION)
    throw invalid('specversion', `specversion is "${specversion}"; only ${SPEC_VERSION} is understood`);
  const subject = attributes.get('subject');
  const time = attributes.get('time');
  if (time !== undefined && !isTimestamp(time)) throw invalid('time', `time "${time}" is not an RFC 3339 timestamp`);
  return {
    id: required(attributes, 'id'),
    source: uriReference(required(attributes, 'source')),
    type: required(attributes, 'type'),
    data,
    dataText,
    extensions: Object.fromEntries([...attributes].filter(([name]) => !CORE_ATTRIBUTES.has(name))),
    ...(subject === undefined ? {} : { subject }),
    ...(time === undefined ? {} : { time }),
  };
}

const ATTRIBUTE_NAME = /^[a-z0-9]+$/;
// Strings of CloudEvents 1.0 hold no control characters and no lone surrogates.
const FORBIDDEN_CHARACTERS = /[\p{Cc}\p{Surrogate}]/u;
/** Attributes become part of stream names and log lines. */
const MAX_CHARACTERS = 2_048;

function checkAttribute(name: string, value: string): void {
  if (!ATTRIBUTE_NAME.test(name))
    throw invalid(name, `attribute name "${name}" may hold lower-case letters and digits only`);
  if (value === '') throw invalid(name, `attribute ${name} is empty; leave it out or give it a value`);
  if (FORBIDDEN_CHARACTERS.test(value)) throw invalid(name, `attribute ${name} holds a control character`);
  // The metadata of a ledger event rides along as JSON text and may be longer than any other attribute.
  if (value.length > MAX_CHARACTERS && `${CE_PREFIX}${name}` !== CE.metadata)
    throw invalid(name, `attribute ${name} has more than ${String(MAX_CHARACTERS)} characters`);
}

function required(attributes: ReadonlyMap<string, string>, name: string): string {
  const value = attributes.get(name);
  if (value !== undefined) return value;
  throw invalid(name, `the required attribute ${name} (header ${CE_PREFIX}${name} in binary mode) is missing`);
}

function uriReference(source: string): string {
  if (/[\s<>"{}|\\^`]/.test(source)) throw invalid('source', `source "${source}" is not a URI reference`);
  return source;
}

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

function isTimestamp(text: string): boolean {
  return TIMESTAMP.test(text) && !Number.isNaN(Date.parse(text.toUpperCase()));
}
