import { describe, expect, it } from '@jest/globals';
import type { IncomingRecord } from './kafka-record.js';
import { rejectionOf } from './rejection.js';

function senderOf(change: Partial<IncomingRecord>): [string, string] {
  const record = {
    topic: 'rehome.requests.v1',
    partition: 3,
    offset: 42n,
    key: null,
    value: null,
    headers: {},
    timestampMs: 0,
  };
  const { source, requestId } = rejectionOf({ ...record, ...change }, { code: 'REQUEST_INVALID', detail: 'no' });
  return [source, requestId];
}

describe('a rejection', () => {
  it('tells who sent the record, as far as it can be read', () => {
    expect(senderOf({ headers: { ce_id: Buffer.from('r-1'), ce_source: 'shop' } })).toEqual(['shop', 'r-1']);
    const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    expect(senderOf({ headers: structured, value: Buffer.from('{"id":"r-2","source":"shop","type":7}') })).toEqual([
      'shop',
      'r-2',
    ]);
  });

  it.each<[string, Partial<IncomingRecord>]>([
    ['nothing', {}],
    ['an id that is too long for a stream name', { headers: { ce_id: 'x'.repeat(201) } }],
    ['an id with a control character', { headers: { ce_id: 'a\nb' } }],
    ['an id that comes twice', { headers: { ce_id: ['a', 'b'] } }],
    [
      'an envelope that cannot be read',
      { headers: { 'content-type': 'application/cloudevents+json' }, value: Buffer.from('{') },
    ],
  ])('names the place of a record that tells %s', (_what, change) => {
    expect(senderOf(change)).toEqual(['unknown', 'rehome.requests.v1[3]@42']);
  });
});
