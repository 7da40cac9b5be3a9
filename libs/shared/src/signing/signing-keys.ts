import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { RehomeError } from '../errors/rehome-error.js';

/** Where PEM text comes from; exactly one of the two. */
export interface KeySource {
  /** PEM; its line feeds may be written as `\n`, for environments that hold single lines. */
  readonly text?: string | undefined;
  readonly file?: string | undefined;
}

/** Which key signed: first 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
export function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

/**
 * The planner's private key.
 *
 * @throws RehomeError CONFIGURATION_INVALID that says what is wrong and never repeats the key.
 */
export function readSigningKey(source: KeySource): KeyObject {
  const { text, file } = source;
  if ((text === undefined) === (file === undefined))
    throw invalid('give the signing key once: REHOME_SIGNING_KEY or REHOME_SIGNING_KEY_FILE');
  if (file !== undefined && isOpenToOthers(file))
    throw invalid(`others may read the signing key file ${file}; chmod 0600 it`);
  return ed25519('the signing key', () => createPrivateKey(pemOf(source)));
}

const PUBLIC_KEY = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/**
 * Public keys whose commands an executor runs: PEM blocks one after the other, so that an old and a new key are both
 * trusted while the planner changes over.
 *
 * @throws RehomeError CONFIGURATION_INVALID
 */
export function readCommandKeys(source: KeySource): KeyObject[] {
  if ((source.text === undefined) === (source.file === undefined))
    throw invalid('give the keys of commands once: REHOME_COMMAND_KEYS or REHOME_COMMAND_KEYS_FILE');
  const blocks = pemOf(source).match(PUBLIC_KEY) ?? [];
  if (blocks.length === 0) throw invalid('the keys of commands hold no PEM block "PUBLIC KEY"');
  return blocks.map((block, index) => ed25519(`key ${String(index + 1)} of commands`, () => createPublicKey(block)));
}

/** A fresh pair as PEM: the private half for the planner, the public one for executors. */
export function createKeyPair(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

function pemOf({ text, file }: KeySource): string {
  if (file === undefined) return (text ?? '').replaceAll('\\n', '\n');
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw invalid(`the key file ${file} cannot be read`);
  }
}

function isOpenToOthers(file: string): boolean {
  try {
    return (statSync(file).mode & 0o077) !== 0;
  } catch {
    throw invalid(`the key file ${file} cannot be read`);
  }
}

/** What OpenSSL says of bad text may quote it, so it is not passed on. */
function ed25519(what: string, read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch {
    throw invalid(`${what} is not PEM`);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw invalid(`${what} is ${key.asymmetricKeyType ?? 'no key pair'}, not Ed25519`);
  return key;
}

function invalid(what: string): RehomeError {
  return new RehomeError(
    'CONFIGURATION_INVALID',
    `${what}; docs/operations.md, "Keys of commands", says how to make a pair`,
  );
}
