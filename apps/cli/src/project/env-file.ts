import { readFile } from 'node:fs/promises';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';

/** Variables of a `.env` file: `NAME=value`, `export NAME='value'`, `# comment`. @throws CliError when it cannot be read */
export async function readEnvFile(file: string): Promise<Readonly<Record<string, string>>> {
  try {
    return envOf(await readFile(file, 'utf8'));
  } catch (error) {
    throw new CliError(EXIT.usage, `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Later lines win, as everywhere; what is no assignment is passed over. */
export function envOf(text: string): Readonly<Record<string, string>> {
  const lines = text.split(/\r?\n/).flatMap((line): [string, string][] => {
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, valueOf(value.trim())]];
  });
  return Object.fromEntries(lines);
}

/** Without its quotes, or up to a comment where it has none. */
function valueOf(written: string): string {
  const quoted = /^(["'])((?:\\.|(?!\1).)*)\1/.exec(written);
  return quoted?.[2] ?? written.replace(/(?:^|\s+)#.*$/, '');
}
