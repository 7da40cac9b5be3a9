import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../contracts/json.js';
import { CommandKeys, signatureIn, signCommand, type SignedCommand } from './command-signature.js';
import { createKeyPair, keyIdOf, readCommandKeys, readSigningKey } from './signing-keys.js';

const [mine, other] = [createKeyPair(), createKeyPair()];
const privateKey = createPrivateKey(mine.privateKey);
const keys = new CommandKeys([createPublicKey(mine.publicKey)]);
const command: SignedCommand = {
  eventId: '6f1d1c52-5a4e-5c61-9a37-3f0f3f1c9c5b',
  type: 'StepCommanded',
  schemaVersion: 1,
  data: { stepId: 'stop-service', params: { service: 'odoo', retries: 3 } },
};

describe('the signature of a command', () => {
  it('is the same for the same command: an append repeated is the same event', () => {
    expect(signCommand(command, privateKey)).toEqual(signCommand({ ...command }, privateKey));
  });

  it('holds however the fields of the data are ordered, and whatever way its text took', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (data) => {
        const signature = signCommand({ ...command, data }, privateKey);
        const arrived = JSON.parse(JSON.stringify(Object.fromEntries(Object.entries(data).reverse()))) as JsonObject;
        expect(keys.refusalOf({ ...command, data: arrived }, signature)).toBeUndefined();
      }),
    );
  });

  it.each<[string, Partial<SignedCommand>]>([
    ['the id', { eventId: '6f1d1c52-5a4e-5c61-9a37-3f0f3f1c9c5c' }],
    ['the type', { type: 'StepCancelCommanded' }],
    ['the version', { schemaVersion: 2 }],
    ['a param', { data: { stepId: 'stop-service', params: { service: 'odoo', retries: 4 } } }],
    ['a field too many', { data: { ...command.data, site: 'elsewhere' } }],
  ])('does not fit when %s was changed', (_what, change) => {
    const refusal = keys.refusalOf({ ...command, ...change }, signCommand(command, privateKey));
    expect(refusal?.code).toBe('COMMAND_SIGNATURE_INVALID');
  });

  it('is refused when it is missing, of an unknown key, or claims a trusted one', () => {
    const foreign = signCommand(command, createPrivateKey(other.privateKey));
    const claimed = { ...foreign, keyId: keyIdOf(createPublicKey(mine.publicKey)) };
    expect(keys.refusalOf(command, undefined)?.code).toBe('COMMAND_UNSIGNED');
    expect(keys.refusalOf(command, foreign)?.code).toBe('COMMAND_KEY_UNKNOWN');
    expect(keys.refusalOf(command, claimed)?.code).toBe('COMMAND_SIGNATURE_INVALID');
    expect(keys.refusalOf(command, { ...claimed, value: 'short' })?.code).toBe('COMMAND_SIGNATURE_INVALID');
  });

  it.each([null, 'text', [], {}, { signature: null }, { signature: { keyId: 'x'.repeat(16), value: 'y' } }])(
    'is read from metadata only when it is whole: %j',
    (metadata) => {
      expect(signatureIn(metadata)).toBeUndefined();
    },
  );
});

describe('keys of commands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rehome-keys-'));
  const file = (name: string, text: string, mode: number): string => {
    writeFileSync(join(folder, name), text, { mode });
    return join(folder, name);
  };
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('come as text, with written line feeds, or as a file', () => {
    const single = mine.privateKey.replaceAll('\n', '\\n');
    for (const source of [{ text: mine.privateKey }, { text: single }, { file: file('key', mine.privateKey, 0o600) }])
      expect(keyIdOf(createPublicKey(readSigningKey(source)))).toBe(keyIdOf(createPublicKey(mine.publicKey)));
  });

  it('are several while a planner changes over', () => {
    const both = readCommandKeys({ text: mine.publicKey + other.publicKey });
    const command2 = signCommand(command, createPrivateKey(other.privateKey));
    expect(new CommandKeys(both).refusalOf(command, command2)).toBeUndefined();
  });

  it('are refused when missing, given twice, readable by others, or of another kind, and never repeated', () => {
    const open = file('open', mine.privateKey, 0o644);
    const problems = [
      () => readSigningKey({}),
      () => readSigningKey({ text: mine.privateKey, file: open }),
      () => readSigningKey({ file: open }),
      () => readSigningKey({ file: join(folder, 'missing') }),
      () => readSigningKey({ text: 'canary' }),
      () => readCommandKeys({ text: mine.privateKey }),
      () => readCommandKeys({ text: '-----BEGIN PUBLIC KEY-----\ncanary\n-----END PUBLIC KEY-----' }),
    ];
    for (const read of problems) expect(read).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }));
    for (const read of problems) expect(read).not.toThrow(/canary/);
  });
});
