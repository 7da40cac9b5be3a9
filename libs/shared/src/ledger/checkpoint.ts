import { createPublicKey, randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import type { JsonValue } from '../contracts/json.js';
import { RehomeError } from '../errors/rehome-error.js';
import { errorCodeOf } from '../database/postgres-errors.js';
import { keyIdOf } from '../signing/signing-keys.js';
import type { LedgerHead } from './ledger-reader.js';

/** Where the ledger stood, signed and kept outside its database: an edit of the past cannot take it along. */
export interface Checkpoint {
  readonly ledgerId: string;
  readonly epoch: number;
  /** Decimal. */
  readonly position: string;
  /** Hash of the event at `position`, hex. */
  readonly hash: string;
  readonly signedAt: string;
  /** First 16 hex digits of the SHA-256 of the public key (SPKI, DER): which key to check it with. */
  readonly keyId: string;
  /** Ed25519 over the fields above, joined by line feeds; base64. */
  readonly signature: string;
}

/** @param privateKey an Ed25519 key. */
export function signCheckpoint(head: LedgerHead, privateKey: KeyObject, now: Date): Checkpoint {
  const unsigned = {
    ledgerId: head.ledgerId,
    epoch: head.epoch,
    position: String(head.position),
    hash: head.hash,
    signedAt: now.toISOString(),
    keyId: keyIdOf(createPublicKey(privateKey)),
  };
  return { ...unsigned, signature: sign(null, signedText(unsigned), privateKey).toString('base64') };
}

/** Whether the checkpoint was signed by the owner of this key and not changed since. */
export function verifyCheckpoint(checkpoint: Checkpoint, publicKey: KeyObject): boolean {
  const signature = Buffer.from(checkpoint.signature, 'base64');
  return checkpoint.keyId === keyIdOf(publicKey) && verify(null, signedText(checkpoint), publicKey, signature);
}

/** Replaces the file as a whole: a crash leaves the old checkpoint or the new one. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  // Unlike a fixed name, two planners that share the path cannot write into each other's.
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = await open(temporary, 'w', 0o644);
  try {
    await file.writeFile(`${JSON.stringify(checkpoint)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/**
 * The checkpoint of a file; undefined when there is none yet.
 *
 * @throws RehomeError LEDGER_BROKEN when the file holds anything but a checkpoint signed by this key.
 */
export async function readCheckpoint(path: string, publicKey: KeyObject): Promise<Checkpoint | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const checkpoint = parseCheckpoint(text);
  if (checkpoint !== undefined && verifyCheckpoint(checkpoint, publicKey)) return checkpoint;
  throw new RehomeError('LEDGER_BROKEN', `${path} is not a checkpoint signed by the configured key`);
}

function parseCheckpoint(text: string): Checkpoint | undefined {
  const fields = ['ledgerId', 'position', 'hash', 'signedAt', 'keyId', 'signature'] as const;
  try {
    const value = JSON.parse(text) as Readonly<Record<string, JsonValue>>;
    const complete = typeof value['epoch'] === 'number' && fields.every((field) => typeof value[field] === 'string');
    return complete ? (value as unknown as Checkpoint) : undefined;
  } catch {
    return undefined;
  }
}

function signedText(checkpoint: Omit<Checkpoint, 'signature'>): Buffer {
  const { ledgerId, epoch, position, hash, signedAt, keyId } = checkpoint;
  return Buffer.from(['rehome checkpoint 1', ledgerId, String(epoch), position, hash, signedAt, keyId].join('\n'));
}
