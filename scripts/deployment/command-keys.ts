import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createKeyPair } from '#shared/signing/signing-keys.js';

/** Where the two halves of the pair that signs commands lie. */
export interface KeyFiles {
  /** PKCS#8, 0600: for the planner only. */
  readonly signingKey: string;
  /** Public keys that executors trust, newest last. */
  readonly commandKeys: string;
}

/**
 * Makes the pair unless it is there, and has executors trust it beside the keys they trust already. Repeated, it
 * changes nothing; a crash between the two files is made good by the next run.
 */
export function ensureCommandKeys({ signingKey, commandKeys }: KeyFiles): void {
  if (!existsSync(signingKey)) replace(signingKey, createKeyPair().privateKey, 0o600);
  const publicKey = createPublicKey(readFileSync(signingKey, 'utf8'))
    .export({ type: 'spki', format: 'pem' })
    .toString();
  const trusted = existsSync(commandKeys) ? readFileSync(commandKeys, 'utf8') : '';
  if (!trusted.includes(publicKey.trim())) replace(commandKeys, trusted + publicKey, 0o644);
}

function replace(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}
