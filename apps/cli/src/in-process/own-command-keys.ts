import { createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { chmodSync, existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { configurationInvalid, readSettings } from '#shared/configuration/read-settings.js';
import { createKeyPair, readCommandKeys, readSigningKey } from '#shared/signing/signing-keys.js';

const FILE = '.rehome-signing-key';

/**
 * The environment with both halves of the pair that signs commands: that of the settings, or one of our own, which lies
 * in the work root because commands must still verify after a restart. Keys that executors trust otherwise are trusted
 * here, too.
 *
 * @throws RehomeError CONFIGURATION_INVALID
 */
export function withCommandKeys(environment: NodeJS.ProcessEnv, workRoot: string): NodeJS.ProcessEnv {
  const { signingKey, signingKeyFile, commandKeys, commandKeysFile } = readSettings(
    ['signingKey', 'signingKeyFile', 'commandKeys', 'commandKeysFile'],
    environment,
  );
  const ours = signingKey === undefined && signingKeyFile === undefined ? keyFileIn(workRoot) : signingKeyFile;
  const publicKey = pemOf(createPublicKey(readSigningKey({ text: signingKey, file: ours })));
  const trusted =
    commandKeys === undefined && commandKeysFile === undefined
      ? []
      : readCommandKeys({ text: commandKeys, file: commandKeysFile }).map(pemOf);
  return {
    ...environment,
    ...(ours === undefined ? {} : { REHOME_SIGNING_KEY_FILE: ours }),
    REHOME_COMMAND_KEYS: [...new Set([...trusted, publicKey])].join(''),
    REHOME_COMMAND_KEYS_FILE: '',
  };
}

/** Appears whole or not at all, and only once: of two first starts, both read what one wrote. */
function keyFileIn(workRoot: string): string {
  if (!isAbsolute(workRoot)) throw configurationInvalid([`REHOME_WORK_ROOT is "${workRoot}"; give an absolute path`]);
  const path = join(workRoot, FILE);
  if (existsSync(path)) return path;
  mkdirSync(workRoot, { recursive: true, mode: 0o700 });
  chmodSync(workRoot, 0o700);
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, createKeyPair().privateKey, { flag: 'wx', mode: 0o600, flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return path;
}

function pemOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}
