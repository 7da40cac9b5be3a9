import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { canonicalJson } from '../contracts/canonical-json.js';
import type { CommandSignature } from '../contracts/events.js';
import type { JsonValue } from '../contracts/json.js';
import { RehomeError } from '../errors/rehome-error.js';
import { cloudEventType } from '../messaging/cloud-event-headers.js';
import { keyIdOf } from './signing-keys.js';

/** What a signature covers, as it stands in the ledger and on Kafka. */
export interface SignedCommand {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
}

/** Ed25519 is deterministic: the same command and key give the same signature, so an append repeated is the same event. */
export function signCommand(command: SignedCommand, privateKey: KeyObject): CommandSignature {
  const keyId = keyIdOf(createPublicKey(privateKey));
  return { keyId, value: sign(null, signedBytes(command, keyId), privateKey).toString('base64') };
}

/** The keys that an executor trusts, by their ids. */
export class CommandKeys {
  private readonly keys: ReadonlyMap<string, KeyObject>;

  constructor(publicKeys: readonly KeyObject[]) {
    this.keys = new Map(publicKeys.map((key) => [keyIdOf(key), key]));
  }

  /** Why a command may not be run; undefined when a trusted key signed exactly this. */
  refusalOf(command: SignedCommand, signature: CommandSignature | undefined): RehomeError | undefined {
    if (signature === undefined)
      return new RehomeError('COMMAND_UNSIGNED', 'the command carries no signature; only the planner commands steps');
    const { keyId, value } = signature;
    const key = this.keys.get(keyId);
    if (key === undefined)
      return new RehomeError(
        'COMMAND_KEY_UNKNOWN',
        `the command is signed with key ${keyId}, which is not among REHOME_COMMAND_KEYS of this executor; if it is the planner's, add its public half`,
        { facts: { keyId } },
      );
    if (verify(null, signedBytes(command, keyId), key, Buffer.from(value, 'base64'))) return undefined;
    return new RehomeError(
      'COMMAND_SIGNATURE_INVALID',
      `the command is not what the owner of key ${keyId} signed; look for who else may write commands`,
      { facts: { keyId } },
    );
  }
}

/** The parser: the signature in the metadata of an event, if there is a whole one. */
export function signatureIn(metadata: JsonValue | object | undefined): CommandSignature | undefined {
  const { signature } = asRecord(metadata);
  const { keyId, value } = asRecord(signature);
  return typeof keyId === 'string' && KEY_ID.test(keyId) && typeof value === 'string' ? { keyId, value } : undefined;
}

const KEY_ID = /^[0-9a-f]{16}$/;

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** The id of the key is covered too: nothing in a signed command can be exchanged. */
function signedBytes({ eventId, type, schemaVersion, data }: SignedCommand, keyId: string): Buffer {
  const text = canonicalJson({ eventId, type: cloudEventType(type, schemaVersion), data, keyId });
  return Buffer.from(`rehome command 1\n${text}`);
}
