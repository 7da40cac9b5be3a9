import { describe, expect, it } from '@jest/globals';
import { screenOf, type Streams } from './cli.config.js';

const TERMINAL = { isTTY: true, columns: 100 };
const STREAMS: Streams = { stdin: TERMINAL, stdout: TERMINAL, stderr: TERMINAL };

function screen(progress: string, environment: Readonly<Record<string, string>> = {}, streams: Partial<Streams> = {}) {
  return screenOf({ progress, json: false, inProcess: false, colour: true }, environment, { ...STREAMS, ...streams });
}

describe('how work under way is shown', () => {
  it.each([
    ['auto', 'tty'],
    ['tty', 'tty'],
    ['plain', 'plain'],
    ['json', 'json'],
    ['none', 'none'],
  ])('at a terminal --progress=%s is %s', (wish, mode) => {
    expect(screen(wish).progress).toBe(mode);
  });

  it.each([
    ['without a terminal', {}, { stderr: {} }],
    ['in CI', { CI: 'true' }, {}],
    ['when nobody knows the width', {}, { stderr: { isTTY: true } }],
    ['when the width is 0', {}, { stderr: { isTTY: true, columns: 0 } }],
    ['at a dumb terminal', { TERM: 'dumb' }, {}],
    ['with ACCESSIBLE', { ACCESSIBLE: '1' }, {}],
  ])('nothing is redrawn %s', (_where, environment, streams) => {
    expect(screen('auto', environment, streams).progress).toBe('plain');
  });

  it('nobody is asked in CI', () => {
    expect([screen('auto').canAsk, screen('auto', { CI: '1' }).canAsk]).toEqual([true, false]);
  });
});
