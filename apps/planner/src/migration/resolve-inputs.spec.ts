import { describe, expect, test } from '@jest/globals';
import { toStepId } from '#shared/contracts/ids.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { resolveInputs } from './resolve-inputs.js';

const results: Readonly<Record<string, JsonObject>> = {
  provision: { server: { host: 'h', port: 0 }, note: null, list: ['a'] },
};
const from = (path: string, step = 'provision') => ({ fromStep: toStepId(step), path });
const resolve = (params: JsonObject, inputs: Parameters<typeof resolveInputs>[0]['inputs']) =>
  resolveInputs({ params, inputs }, (stepId) => results[stepId]);

describe('inputs of a step', () => {
  test('are merged over what was known, into the place their name says', () => {
    expect(resolve({ connection: { database: 'acme' } }, { 'connection.host': from('server.host') })).toEqual({
      outcome: 'resolved',
      params: { connection: { database: 'acme', host: 'h' } },
    });
  });

  test('may be the whole of a result, and make the place that is not there', () => {
    expect(resolve({}, { 'a.b': from('server') })).toMatchObject({ params: { a: { b: { host: 'h', port: 0 } } } });
    expect(resolve({}, { all: from('') })).toMatchObject({ params: { all: results['provision'] } });
  });

  test('may be zero, null or a list', () => {
    expect(resolve({}, { p: from('server.port'), n: from('note'), l: from('list') })).toMatchObject({
      params: { p: 0, n: null, l: ['a'] },
    });
  });

  test.each(['nowhere', 'server.nowhere', 'note.inner', 'list.0', 'server.constructor'])(
    'are missing when the result has no "%s"',
    (path) => {
      expect(resolve({}, { x: from(path) })).toEqual({ outcome: 'missing', name: 'x', input: from(path) });
    },
  );

  test('are missing when the step has not answered', () => {
    expect(resolve({}, { x: from('server', 'later') }).outcome).toBe('missing');
  });
});
