import { readFile, stat } from 'node:fs/promises';
import { resolveWithinRoots } from '../drivers/paths.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { SecretRef } from '#shared/contracts/registry.js';
import type { Redactor } from './redact.js';
import type { Vault } from './vault.js';

const MAX_BYTES = 64 * 1024;

export interface SecretSources {
  /** The environment as the configuration read it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * `env:` reaches only names that begin so: whoever may register a server could otherwise have the vault key or
   * another service's password sent to a host of theirs.
   */
  readonly environmentPrefixes: readonly string[];
  /** `file:` reaches only files below these directories, symbolic links resolved. */
  readonly fileRoots: readonly string[];
  readonly vault: Vault;
  readonly redactor: Redactor;
}

/** Turns references into secrets, and tells the redactor about every one before anybody else has it. */
export class SecretResolver {
  constructor(private readonly sources: SecretSources) {}

  /** @throws RehomeError SECRET_MISSING, PATH_NOT_ALLOWED. */
  async resolve(reference: SecretRef): Promise<string> {
    const secret = await this.lookUp(reference);
    if (secret === '') throw missing(reference, 'it is empty');
    this.sources.redactor.add(secret);
    return secret;
  }

  /** Stores a new secret in the vault. @returns its reference. */
  async store(name: string, secret: string): Promise<SecretRef> {
    this.sources.redactor.add(secret);
    return this.sources.vault.put(name, secret);
  }

  /** Hides a secret that was found elsewhere, such as what a server stores of a password. */
  hide(secret: string): void {
    this.sources.redactor.add(secret);
  }

  /** Forgets what `store` stored; the reference leads nowhere then. */
  async forget(name: string): Promise<void> {
    await this.sources.vault.delete(name);
  }

  private async lookUp(reference: SecretRef): Promise<string> {
    const [, scheme, rest = ''] = /^(env|file|vault):(.+)$/s.exec(reference) ?? [];
    switch (scheme) {
      case 'env':
        return this.fromEnvironment(reference, rest);
      case 'file':
        return this.fromFile(reference, rest);
      case 'vault':
        return this.sources.vault.get(rest);
      default:
        // Not repeated: somebody may have put a password where its reference belongs.
        throw new RehomeError(
          'SECRET_MISSING',
          'a secret reference is none of env:NAME, file:PATH, vault:NAME; correct the registry entry that holds it',
        );
    }
  }

  private fromEnvironment(reference: SecretRef, name: string): string {
    const { environment, environmentPrefixes } = this.sources;
    if (!environmentPrefixes.some((prefix) => prefix !== '' && name.startsWith(prefix))) {
      throw missing(
        reference,
        `the executor gives out only variables that begin with ${environmentPrefixes.join(', ')}; rename it`,
      );
    }
    const value = environment[name];
    if (value === undefined)
      throw missing(reference, `the executor was started without the variable ${name}; set it and restart`);
    return value;
  }

  private async fromFile(reference: SecretRef, path: string): Promise<string> {
    const real = await resolveWithinRoots(path, this.sources.fileRoots);
    if (real === undefined) throw missing(reference, `there is no file ${path}; create it with mode 0600`);
    const { mode, size } = await stat(real);
    if ((mode & 0o027) !== 0) {
      throw missing(reference, `everybody may read ${path}, or its group may write it; chmod 0600 it`);
    }
    if (size > MAX_BYTES) throw missing(reference, `${path} is larger than ${String(MAX_BYTES)} bytes`);
    const text = await readFile(real, 'utf8').catch(() => {
      throw missing(reference, `the executor may not read ${path}; change its owner or mode`);
    });
    return text.replace(/\r?\n$/, '');
  }
}

function missing(reference: SecretRef, why: string): RehomeError {
  return new RehomeError('SECRET_MISSING', `the secret ${reference} cannot be used: ${why}`, { facts: { reference } });
}
