import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RehomeError } from '../errors/rehome-error.js';
import { decodeCloudEvent } from './decode-cloud-event.js';
import type { RecordHeaders } from './kafka-record.js';

const HEADERS = { ce_specversion: '1.0', ce_id: 'a-1', ce_source: 'shop', ce_type: 'rehome.request' };
const ENVELOPE = { specversion: '1.0', id: 'a-1', source: 'shop', type: 'rehome.request', data: { kind: 'upgrade' } };
const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };

function binary(
  headers: RecordHeaders,
  value: Buffer | string | null = '{"kind":"upgrade"}',
): ReturnType<typeof decodeCloudEvent> {
  return decodeCloudEvent({ headers, value: typeof value === 'string' ? Buffer.from(value) : value });
}

function structured(envelope: unknown, headers: RecordHeaders = STRUCTURED): ReturnType<typeof decodeCloudEvent> {
  return decodeCloudEvent({
    headers,
    value: Buffer.from(typeof envelope === 'string' ? envelope : JSON.stringify(envelope)),
  });
}

function failureOf(decode: () => unknown): { code: string; attribute: unknown; detail: string } {
  try {
    decode();
  } catch (error) {
    if (error instanceof RehomeError)
      return { code: error.code, attribute: error.facts?.['attribute'], detail: error.message };
    throw error;
  }
  throw new Error('it was decoded');
}

describe('decoding a CloudEvent', () => {
  it('reads binary mode: attributes from headers, the exact text as data', () => {
    const text = '{ "kind":"upgrade", "big": 12345678901234567890 }';
    const event = binary(
      {
        ...HEADERS,
        ce_subject: 'acme',
        ce_time: '2026-11-21T01:02:03.123456Z',
        ce_tenant: 'ünï',
        'content-type': 'application/json; charset=utf-8',
      },
      text,
    );
    expect(event).toMatchObject({ id: 'a-1', source: 'shop', type: 'rehome.request', subject: 'acme', dataText: text });
    expect(event.extensions).toEqual({ tenant: 'ünï' });
  });

  it('reads structured mode: attributes and data from the envelope', () => {
    const event = structured({ ...ENVELOPE, subject: 'acme', tenant: 7, urgent: true, gone: null });
    expect(event).toMatchObject({ id: 'a-1', source: 'shop', subject: 'acme', data: { kind: 'upgrade' } });
    expect(event.extensions).toEqual({ tenant: '7', urgent: 'true' });
  });

  it('reads structured data in base64', () => {
    const { data: _data, ...rest } = ENVELOPE;
    const event = structured({ ...rest, data_base64: Buffer.from('{"kind":"upgrade"}').toString('base64') });
    expect(event.data).toEqual({ kind: 'upgrade' });
  });

  it('takes the trace context from the header of the contract and passes over what is not one', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect(binary({ ...HEADERS, traceparent: Buffer.from(traceparent) }).extensions).toEqual({ traceparent });
    expect(binary({ ...HEADERS, traceparent: 'nonsense' }).extensions).toEqual({});
  });

  it.each(['specversion', 'id', 'source', 'type'])(
    'names the required attribute %s when it is missing, in both modes',
    (attribute) => {
      const { [`ce_${attribute}`]: _header, ...headers } = HEADERS as Record<string, string>;
      const { [attribute]: _member, ...envelope } = ENVELOPE as Record<string, unknown>;
      expect(failureOf(() => binary(headers))).toMatchObject({ code: 'REQUEST_INVALID', attribute });
      expect(failureOf(() => structured(envelope))).toMatchObject({ code: 'REQUEST_INVALID', attribute });
    },
  );

  it.each<[string, string, () => unknown]>([
    ['an old version', 'specversion', () => binary({ ...HEADERS, ce_specversion: '0.3' })],
    ['an empty attribute', 'id', () => binary({ ...HEADERS, ce_id: '' })],
    ['a header that comes twice', 'id', () => binary({ ...HEADERS, ce_id: ['a', 'b'] })],
    ['a control character', 'id', () => binary({ ...HEADERS, ce_id: 'a\u0000b' })],
    ['an overlong attribute', 'id', () => binary({ ...HEADERS, ce_id: 'x'.repeat(3_000) })],
    ['capitals in an attribute name', 'Tenant', () => binary({ ...HEADERS, ce_Tenant: 'x' })],
    ['a source with a blank', 'source', () => binary({ ...HEADERS, ce_source: 'my shop' })],
    ['a time that is none', 'time', () => binary({ ...HEADERS, ce_time: 'yesterday' })],
    ['data that is not JSON by its type', 'datacontenttype', () => binary({ ...HEADERS, 'content-type': 'text/xml' })],
    ['the same in structured mode', 'datacontenttype', () => structured({ ...ENVELOPE, datacontenttype: 'text/xml' })],
    [
      'the batched form',
      'datacontenttype',
      () => structured([ENVELOPE], { 'content-type': 'application/cloudevents-batch+json' }),
    ],
    ['a record without any attribute', 'specversion', () => binary({})],
    ['an id that is a number', 'id', () => structured({ ...ENVELOPE, id: 7 })],
    ['an extension that is an object', 'tenant', () => structured({ ...ENVELOPE, tenant: {} })],
    ['no data', 'data', () => structured({ specversion: '1.0', id: 'a', source: 's', type: 't' })],
    ['data twice', 'data_base64', () => structured({ ...ENVELOPE, data_base64: 'e30=' })],
    ['base64 that is none', 'data_base64', () => structured({ ...ENVELOPE, data: undefined, data_base64: '***' })],
  ])('refuses %s and names %s', (_what, attribute, decode) => {
    expect(failureOf(decode)).toMatchObject({ code: 'REQUEST_INVALID', attribute });
  });

  it.each<[string, () => unknown]>([
    ['text that is not JSON', () => binary(HEADERS, 'hunter2')],
    ['bytes that are not UTF-8', () => binary(HEADERS, Buffer.from([0x22, 0xff, 0x22]))],
    ['a header that is not UTF-8', () => binary({ ...HEADERS, ce_id: Buffer.from([0xff]) })],
    ['a tombstone', () => binary(HEADERS, null)],
    ['an envelope that is not JSON', () => structured('hunter2')],
    ['an envelope that is not an object', () => structured('[1]')],
  ])('calls %s unreadable and does not quote it', (_what, decode) => {
    const { code, detail } = failureOf(decode);
    expect(code).toBe('REQUEST_UNREADABLE');
    expect(detail).not.toContain('hunter2');
  });

  it('reads the same event from both modes, whatever it says', () => {
    const word = fc.stringMatching(/^[a-z0-9][a-z0-9._/-]{0,30}$/);
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((value) => !/[\p{Cc}\p{Surrogate}]/u.test(value));
    const data = fc.jsonValue({ noUnicodeString: false });
    fc.assert(
      fc.property(
        fc.record({ id: text, source: word, type: word, subject: text, tenant: text }),
        data,
        (attributes, value) => {
          const json = JSON.stringify(value);
          const headers = Object.fromEntries(
            Object.entries({ specversion: '1.0', ...attributes }).map(([name, v]) => [`ce_${name}`, Buffer.from(v)]),
          );
          expect(binary(headers, json)).toEqual(
            structured(`{"specversion":"1.0",${JSON.stringify(attributes).slice(1, -1)},"data":${json}}`),
          );
        },
      ),
    );
  });

  it('answers every record with an event or a named failure, whatever its bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array));
    const header = fc.oneof(bytes, fc.string(), fc.array(fc.string(), { minLength: 2, maxLength: 2 }));
    const name = fc.constantFrom(
      'content-type',
      'ce_id',
      'ce_type',
      'ce_source',
      'ce_specversion',
      'ce_time',
      'ce_x',
      'traceparent',
      '__proto__',
    );
    fc.assert(
      fc.property(fc.dictionary(name, header), fc.option(bytes), fc.boolean(), (headers, value, envelope) => {
        try {
          decodeCloudEvent({ headers: envelope ? { ...headers, ...STRUCTURED } : headers, value });
        } catch (error) {
          expect(error).toBeInstanceOf(RehomeError);
        }
      }),
    );
  });
});
