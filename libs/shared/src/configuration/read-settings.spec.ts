import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toRehomeError, type RehomeError } from '../errors/rehome-error.js';
import { readSettings } from './read-settings.js';
import { SETTINGS } from './settings.js';

function failureOf(act: () => unknown): RehomeError {
  try {
    act();
  } catch (error) {
    return toRehomeError(error);
  }
  throw new Error('nothing was thrown');
}

describe('settings', () => {
  it('gives defaults and parses by type', () => {
    const settings = readSettings(
      ['ledgerUrl', 'kafkaBrokers', 'plannerPort', 'provisionerDeprovision', 'cataloguePath'],
      {
        REHOME_LEDGER_URL: 'postgres://u:p@h/rehome',
        REHOME_KAFKA_BROKERS: 'one:9092, two:9092',
        REHOME_PROVISIONER_DEPROVISION: 'true',
      },
    );
    expect(settings).toEqual({
      ledgerUrl: 'postgres://u:p@h/rehome',
      kafkaBrokers: ['one:9092', 'two:9092'],
      plannerPort: 8400,
      provisionerDeprovision: true,
      cataloguePath: undefined,
    });
  });

  it('reports every problem at once, with the name and what to give', () => {
    const failure = failureOf(() =>
      readSettings(['ledgerUrl', 'plannerPort', 'logLevel', 'workRoot'], {
        REHOME_PLANNER_PORT: 'many',
        REHOME_LOG_LEVEL: 'loud',
      }),
    );
    expect(failure.code).toBe('CONFIGURATION_INVALID');
    expect(failure.facts?.['problems']).toHaveLength(4);
    expect(failure.message).toContain('REHOME_LEDGER_URL is missing');
    expect(failure.message).toContain('REHOME_PLANNER_PORT is "many"; give a whole number');
    expect(failure.message).toContain('REHOME_LOG_LEVEL is "loud"; give one of trace');
    expect(failure.message).toContain('REHOME_WORK_ROOT is missing');
  });

  it('takes a secret from a file, and says when that cannot be', () => {
    const directory = mkdtempSync(join(tmpdir(), 'rehome-settings-'));
    const file = join(directory, 'ledger-url');
    writeFileSync(file, 'postgres://u:p@h/rehome\n');
    const read = (environment: NodeJS.ProcessEnv) => readSettings(['ledgerUrl'], environment);
    try {
      expect(read({ REHOME_LEDGER_URL: '', REHOME_LEDGER_URL_FILE: file })).toEqual({
        ledgerUrl: 'postgres://u:p@h/rehome',
      });
      expect(
        failureOf(() => read({ REHOME_LEDGER_URL: 'postgres://h', REHOME_LEDGER_URL_FILE: file })).message,
      ).toContain('REHOME_LEDGER_URL and REHOME_LEDGER_URL_FILE are both given');
      expect(failureOf(() => read({ REHOME_LEDGER_URL_FILE: `${file}.none` })).message).toContain(
        `${file}.none, which cannot be read`,
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('refuses test settings in production', () => {
    const environment = { NODE_ENV: 'production', REHOME_FAULT_POINTS: 'relay:sent=kill' };
    expect(failureOf(() => readSettings(['faultPoints'], environment)).message).toContain(
      'refused while NODE_ENV is production',
    );
    expect(readSettings(['faultPoints'], { NODE_ENV: 'production' })).toEqual({ faultPoints: '' });
  });

  it('names each variable once and gives every default in a readable form', () => {
    const names = Object.values(SETTINGS).map((entry) => entry.name);
    expect(new Set(names).size).toBe(names.length);
    const required = { REHOME_LEDGER_URL: 'x', REHOME_WORK_ROOT: '/x' };
    expect(() => readSettings(Object.keys(SETTINGS) as (keyof typeof SETTINGS)[], required)).not.toThrow();
  });
});
