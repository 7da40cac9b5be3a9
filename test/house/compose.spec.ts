import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { SETTINGS } from '#shared/configuration/settings.js';

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
}

const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
};

describe('the deployed form', () => {
  it('consists of ledger, Kafka, the set-up job and both services', () => {
    expect(Object.keys(services)).toEqual(['ledger', 'kafka', 'set-up', 'planner', 'executor']);
  });

  it.each(['planner', 'executor'] as const)(
    'gives the %s settings that it has, and every one that it must have',
    (name) => {
      const own = Object.values(SETTINGS).filter((entry) => (entry.usedBy as readonly string[]).includes(name));
      const given = Object.keys(services[name]?.environment ?? {}).filter((key) => key.startsWith('REHOME_'));
      expect(given.filter((key) => !own.some((entry) => entry.name === key))).toEqual([]);
      const needed = own.filter((entry) => !('default' in entry) && !('optional' in entry)).map((entry) => entry.name);
      expect(needed.filter((key) => !given.includes(key))).toEqual([]);
    },
  );

  it.each(['ledger', 'kafka', 'planner', 'executor'])('knows when %s is ready', (name) => {
    expect(services[name]?.healthcheck?.test.length).toBeGreaterThan(1);
  });

  it('holds no password and writes nothing but its volumes', () => {
    expect(JSON.stringify(services)).not.toMatch(/password:\s*[a-z0-9]|:[a-z0-9]+@/i);
    expect([services['planner']?.read_only, services['executor']?.read_only]).toEqual([true, true]);
  });
});
