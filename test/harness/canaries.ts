import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets that must not be found anywhere, in clear or in a usual disguise. */
export class Canaries {
  private readonly disguises: readonly { readonly name: string; readonly text: string }[];

  /** @param secrets by what people call them; each long enough not to turn up by chance. */
  constructor(secrets: Readonly<Record<string, string>>) {
    this.disguises = Object.entries(secrets).flatMap(([name, secret]) => {
      const bytes = Buffer.from(secret);
      const texts = [
        secret,
        encodeURIComponent(secret),
        encodeURI(secret),
        JSON.stringify(secret).slice(1, -1),
        bytes.toString('base64').replace(/=+$/, ''),
        bytes.toString('base64url'),
        bytes.toString('hex'),
      ];
      return [...new Set(texts)].map((text) => ({ name, text }));
    });
  }

  /** Names of the secrets that a text holds. */
  in(text: string): string[] {
    return [...new Set(this.disguises.filter((one) => text.includes(one.text)).map(({ name }) => name))];
  }
}

/** Every file below a directory; one that vanishes meanwhile is passed over. */
export function filesBelow(directory: string): { readonly path: string; readonly mode: number }[] {
  return entriesOf(directory).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    const mode = modeOf(path);
    return mode === undefined ? [] : [{ path, mode }];
  });
}

export interface SeenProcess {
  readonly pid: number;
  readonly commandLine: string;
  /** Empty when it is somebody else's. */
  readonly environment: string;
}

/** All processes of this machine as `ps` shows them. */
export function processes(): SeenProcess[] {
  return entriesOf('/proc')
    .map(({ name }) => Number(name))
    .filter((pid) => pid > 0)
    .map((pid) => ({ pid, commandLine: read(pid, 'cmdline'), environment: read(pid, 'environ') }));
}

function read(pid: number, what: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${what}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return undefined;
  }
}
