import { afterAll, describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toPosition } from '../contracts/ids.js';
import { readCheckpoint, signCheckpoint, verifyCheckpoint, writeCheckpoint } from './checkpoint.js';

const directory = mkdtempSync(join(tmpdir(), 'rehome-checkpoint-'));
const keys = generateKeyPairSync('ed25519');
const strangers = generateKeyPairSync('ed25519');
const head = { ledgerId: 'l', epoch: 1, position: toPosition(42), hash: 'ab'.repeat(32) };

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe('a checkpoint', () => {
  test('verifies as it was written and read', async () => {
    const path = join(directory, 'written.json');
    const checkpoint = signCheckpoint(head, keys.privateKey, new Date('2026-11-21T01:02:03Z'));
    await writeCheckpoint(path, checkpoint);
    expect(await readCheckpoint(path, keys.publicKey)).toEqual(checkpoint);
  });

  test.each([{ position: '41' }, { hash: 'ac'.repeat(32) }, { epoch: 2 }, { ledgerId: 'm' }, { signedAt: 'later' }])(
    'does not verify with %j',
    (change) => {
      const checkpoint = signCheckpoint(head, keys.privateKey, new Date());
      expect(verifyCheckpoint({ ...checkpoint, ...change }, keys.publicKey)).toBe(false);
    },
  );

  test('does not verify with the key of somebody else', () => {
    const checkpoint = signCheckpoint(head, strangers.privateKey, new Date());
    expect(verifyCheckpoint(checkpoint, keys.publicKey)).toBe(false);
  });

  test('is refused when its file is unreadable, and absent when there is none', async () => {
    const path = join(directory, 'broken.json');
    writeFileSync(path, '{"position":');
    await expect(readCheckpoint(path, keys.publicKey)).rejects.toMatchObject({ code: 'LEDGER_BROKEN' });
    expect(await readCheckpoint(join(directory, 'none.json'), keys.publicKey)).toBeUndefined();
  });
});
