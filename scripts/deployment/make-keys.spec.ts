import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKeys } from './make-keys.js';

const EVERYTHING = [
  'ledger/admin-password',
  'ledger/admin-url',
  'ledger/planner-password',
  'planner/ledger-url',
  'ledger/executor-password',
  'executor/ledger-url',
  'ledger/analyst-password',
  'operator/analyst-url',
  'executor/vault-key',
  'operator/api-key',
  'planner/api-keys',
  'planner/signing.pem',
  'executor/commands.pem',
];

describe('the keys of an installation', () => {
  let directory = '';
  const make = () => makeKeys({ directory, ledgerAddress: 'ledger:5432' });
  const read = (file: string) => readFileSync(join(directory, file), 'utf8').trimEnd();

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rehome-keys-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('are made once, readable by their owner only', () => {
    expect(make().sort()).toEqual([...EVERYTHING].sort());
    expect(make()).toEqual([]);
    const secrets = EVERYTHING.filter((file) => file !== 'executor/commands.pem');
    for (const file of secrets) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).sort()).toEqual(['executor', 'ledger', 'operator', 'planner']);
  });

  it('fit together', () => {
    make();
    expect(new URL(read('planner/ledger-url'))).toMatchObject({
      username: 'rehome_planner',
      password: read('ledger/planner-password'),
      host: 'ledger:5432',
      pathname: '/rehome',
    });
    expect(Buffer.from(read('executor/vault-key'), 'base64')).toHaveLength(32);
    const hash = createHash('sha256').update(read('operator/api-key')).digest('hex');
    expect(read('planner/api-keys')).toBe(`operator:operator:${hash}`);
    const command = Buffer.from('a command');
    const signature = sign(null, command, read('planner/signing.pem'));
    expect(verify(null, command, createPublicKey(read('executor/commands.pem')), signature)).toBe(true);
  });

  it('follow a password that was exchanged, and keep a key that was added', () => {
    make();
    writeFileSync(join(directory, 'ledger/planner-password'), 'p@ss/word\n');
    writeFileSync(join(directory, 'planner/api-keys'), `${read('planner/api-keys')},ci:requester:${'0'.repeat(64)}\n`);
    expect(make()).toEqual(['planner/ledger-url']);
    expect(decodeURIComponent(new URL(read('planner/ledger-url')).password)).toBe('p@ss/word');
  });

  it('come from what lies there beforehand', () => {
    make();
    const vaultKey = read('executor/vault-key');
    rmSync(join(directory, 'planner'), { recursive: true });
    expect(make()).toEqual(['planner/ledger-url', 'planner/api-keys', 'planner/signing.pem', 'executor/commands.pem']);
    expect(read('executor/vault-key')).toBe(vaultKey);
  });
});
