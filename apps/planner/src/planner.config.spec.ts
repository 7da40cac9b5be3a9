import { describe, expect, it } from '@jest/globals';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { createKeyPair } from '#shared/signing/signing-keys.js';
import { hashKey } from './auth/api-keys.js';
import { readPlannerConfig } from './planner.config.js';

describe('the planner’s configuration', () => {
  it('reads API keys as digests', () => {
    const digest = hashKey('secret');
    const config = readPlannerConfig({
      REHOME_LEDGER_URL: 'x',
      REHOME_SIGNING_KEY: createKeyPair().privateKey.replaceAll('\n', '\\n'),
      REHOME_API_KEYS: `billing:requester:${digest},ops:operator:${digest}`,
    });
    expect(config.apiKeys).toEqual([
      { name: 'billing', role: 'requester', keySha256: digest },
      { name: 'ops', role: 'operator', keySha256: digest },
    ]);
    expect(config).toMatchObject({ host: '127.0.0.1', port: 8400, kafkaBrokers: [], catalogue: [] });
  });

  it('reports settings, keys and catalogue at once, and repeats no secret', () => {
    try {
      readPlannerConfig({
        REHOME_PLANNER_PORT: 'x',
        REHOME_API_KEYS: 'ops:operator:canary-key',
        REHOME_CATALOGUE: '/nowhere.yaml',
      });
      throw new Error('was accepted');
    } catch (error) {
      const { code, message, facts } = toRehomeError(error);
      expect(code).toBe('CONFIGURATION_INVALID');
      expect(facts?.['problems']).toHaveLength(5);
      expect(message).toMatch(/REHOME_LEDGER_URL is missing/);
      expect(message).toMatch(/REHOME_API_KEYS entry 1 is not name:role:sha256/);
      expect(message).toMatch(/\/nowhere.yaml \(REHOME_CATALOGUE\) cannot be read/);
      expect(message).not.toContain('canary-key');
    }
  });
});
