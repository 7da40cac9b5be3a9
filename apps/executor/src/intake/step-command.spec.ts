import { describe, expect, it } from '@jest/globals';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { slotOf } from './command-slot.js';
import { parseStepCancel, parseStepCommand } from './step-command.js';

const key = {
  migrationId: '01A1FC33-d425-712a-8edf-0dc517dc0a6a',
  stepId: 'stop-service',
  direction: 'run',
  generation: 1,
};
const valid = { ...key, kind: 'stop-service', version: 1, params: { service: {} }, timeoutMs: 1_000 };

function refusal(data: object): string {
  const parsed = parseStepCommand({ ...valid, ...data });
  return parsed.valid ? 'valid' : parsed.because.message;
}

describe('a step command', () => {
  it('is valid when kind, version and the shape of its params are known', () => {
    expect(parseStepCommand(valid)).toMatchObject({
      valid: true,
      command: { migrationId: key.migrationId.toLowerCase() },
    });
  });

  it.each([
    ['an unknown kind', { kind: 'paint-walls' }, 'this executor knows no step of kind "paint-walls"; update it'],
    ['another version', { version: 9 }, 'this executor has version 1 of stop-service, the plan wants 9; plan again'],
    ['missing params', { params: {} }, 'params of stop-service: service must be an object'],
    ['params of another kind', { params: [] }, 'params must be an object'],
    ['no time', { timeoutMs: 0 }, 'timeoutMs must be a positive number'],
  ])('with %s can be answered on its stream', (_what, data, because) => {
    expect(refusal(data)).toBe(because);
  });

  it('names every param that is missing, at once', () => {
    const params = { server: {}, workingName: '', backupId: 7, role: 'r', sourceOwner: 'o' };
    expect(refusal({ kind: 'restore-database', params })).toBe(
      'params of restore-database: workingName must be a text, backupId must be a text, jobs must be a number',
    );
  });

  it.each([
    ['nothing', null],
    ['a list', []],
    ['no migration', { ...valid, migrationId: 'x' }],
    ['no step', { ...valid, stepId: 'Stop It' }],
    ['no direction', { ...valid, direction: 'sideways' }],
    ['no generation', { ...valid, generation: 1.5 }],
  ])('that is %s names no run, so nobody can be told', (_what, data) => {
    expect(() => parseStepCommand(data)).toThrow(RehomeError);
    expect(() => parseStepCancel(data)).toThrow(RehomeError);
  });
});

describe('the budget of a step command', () => {
  const command = (kind: string, params: object) => parseStepCommand({ ...valid, kind, params: { ...params } }).command;

  it('is one per server for what reads or writes whole databases', () => {
    expect(slotOf(command('dump-database', { source: { server: { name: 'pool-2' }, database: 'a' } }))).toEqual({
      key: 'server:pool-2:bulk',
      capacity: 4,
    });
    expect(slotOf(command('restore-database', { server: { name: 'new', maxConcurrentSteps: 2 } }))).toEqual({
      key: 'server:new:bulk',
      capacity: 2,
    });
  });

  it('is none for everything else', () => {
    expect(slotOf(command('stop-service', { service: {} }))).toBeUndefined();
  });
});
