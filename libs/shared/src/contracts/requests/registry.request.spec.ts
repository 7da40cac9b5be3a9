import { describe, expect, it } from '@jest/globals';
import { parseAs } from './parse.js';
import { PutEntitlements, PutInstance, PutPolicy, PutServer, PutSource } from './registry.request.js';
import { PutService } from './service.request.js';

function pointersOf(type: new () => object, body: unknown): string[] {
  const parsed = parseAs(type, body);
  return parsed.ok ? [] : parsed.problems.map((problem) => problem.pointer).sort();
}

const server = { host: 'pool-2.internal', port: 5432, adminUser: 'postgres', adminSecretRef: 'env:POOL_2' };
const http = { control: { driver: 'http', url: 'http://127.0.0.1:9000/odoo-{instanceId8}' }, configFiles: [] };
const argv = { stop: ['/bin/ctl', 'stop'], start: ['/bin/ctl', 'start'], status: ['/bin/ctl', 'status'] };
const file = { path: '/srv/{database}/odoo.conf', format: 'ini', section: 'options', keys: { host: 'db_host' } };

describe('a server', () => {
  it.each(['pool-2.internal', '10.0.0.1', '::1', 'fe80::1', 'postgres_1'])('lives at %s', (host) => {
    expect(pointersOf(PutServer, { ...server, host })).toEqual([]);
  });

  it.each(['http://pool', 'pool:5432', 'user@pool', '', 'a b', '-pool'])('does not live at "%s"', (host) => {
    expect(pointersOf(PutServer, { ...server, host })).toEqual(['/host']);
  });

  it('is addressed by reference to its secret, never by the secret [c22]', () => {
    for (const adminSecretRef of ['env:A_1', 'file:/run/secrets/a', 'vault:migration/x y'])
      expect(pointersOf(PutServer, { ...server, adminSecretRef })).toEqual([]);
    for (const adminSecretRef of ['hunter2', 'env:', 'file:relative', 'plain:x']) {
      expect(pointersOf(PutServer, { ...server, adminSecretRef })).toEqual(['/adminSecretRef']);
    }
    expect(pointersOf(PutServer, { ...server, password: 'hunter2' })).toEqual(['/password']);
  });
});

describe('entitlements', () => {
  it('may be silent about everything [c2]', () => {
    expect(pointersOf(PutEntitlements, {})).toEqual([]);
    expect(pointersOf(PutEntitlements, { dbType: 'dedicated', cpu: 0.5, memory: '512Mi', storage: '20G' })).toEqual([]);
  });

  it('name each wrong amount', () => {
    expect(pointersOf(PutEntitlements, { dbType: 'own', cpu: 0, memory: 'much', storage: -1 })).toEqual([
      '/cpu',
      '/dbType',
      '/memory',
      '/storage',
    ]);
  });
});

describe('an instance', () => {
  const instance = {
    plan: 'basic',
    server: 'pool-2',
    database: 'odoo_acme',
    owner: 'acme',
    service: 'odoo-{database}',
  };

  it('may have names with quotes, spaces, capitals and unicode, of 63 bytes', () => {
    expect(
      pointersOf(PutInstance, { ...instance, database: `Odoo "Acme" Größe ${'ü'.repeat(20)}`, owner: "o'hara; drop" }),
    ).toEqual([]);
  });

  it('is refused a name that PostgreSQL would cut', () => {
    expect(pointersOf(PutInstance, { ...instance, database: 'ü'.repeat(32), owner: 'x'.repeat(64) })).toEqual([
      '/database',
      '/owner',
    ]);
  });
});

describe('a service', () => {
  it('is stopped and started over HTTP or by allow-listed programs', () => {
    expect(pointersOf(PutService, { ...http, configFiles: [file], environment: { host: 'HOST' } })).toEqual([]);
    expect(pointersOf(PutService, { control: { driver: 'command', commands: argv }, configFiles: [] })).toEqual([]);
  });

  it.each([
    ['an unknown driver', { ...http, control: { driver: 'ssh', url: 'http://x' } }, '/control/driver'],
    ['no driver', { configFiles: [] }, '/control'],
    [
      'a shell line',
      { control: { driver: 'command', commands: { ...argv, stop: 'rm -rf /' } }, configFiles: [] },
      '/control/commands/stop',
    ],
    ['a password in an address', { ...http, control: { driver: 'http', url: 'http://u:p@x' } }, '/control/url'],
    ['another protocol', { ...http, control: { driver: 'http', url: 'file:///etc' } }, '/control/url'],
    ['a relative path', { ...http, configFiles: [{ ...file, path: 'odoo.conf' }] }, '/configFiles/0/path'],
    [
      'a path that climbs',
      { ...http, configFiles: [file, { ...file, path: '/srv/../etc/passwd' }] },
      '/configFiles/1/path',
    ],
    [
      'a key with a line of its own',
      { ...http, configFiles: [{ ...file, keys: { host: 'a\nb' } }] },
      '/configFiles/0/keys/host',
    ],
    ['an unknown key', { ...http, configFiles: [{ ...file, keys: { hots: 'a' } }] }, '/configFiles/0/keys/hots'],
  ])('is refused with %s', (_what, body, pointer) => {
    expect(pointersOf(PutService, body)).toEqual([pointer]);
  });
});

describe('a source', () => {
  it('names the kinds it may publish, none of them to shut it out', () => {
    expect(pointersOf(PutSource, { kinds: ['upgrade'] })).toEqual([]);
    expect(pointersOf(PutSource, { kinds: [] })).toEqual([]);
    expect(pointersOf(PutSource, { kinds: ['*'] })).toEqual([]);
    expect(pointersOf(PutSource, {})).toEqual(['/kinds']);
  });

  it('names no kind that does not exist, which would give no right', () => {
    expect(pointersOf(PutSource, { kinds: ['upgrade', 'relocat'] })).toEqual(['/kinds']);
  });
});

describe('a policy', () => {
  it('matches kinds that exist: a misspelt one would protect nothing', () => {
    expect(pointersOf(PutPolicy, { match: { kinds: ['relocate', 'retire'] }, approval: 'required' })).toEqual([]);
    for (const kinds of [['relocat'], ['*'], []])
      expect(pointersOf(PutPolicy, { match: { kinds }, approval: 'required' })).toEqual(['/match/kinds']);
  });
});
