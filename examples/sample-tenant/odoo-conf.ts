import { readFileSync } from 'node:fs';

/** What the application reads of its config file, and all it knows of its database. */
export interface OdooConf {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly httpPort: number;
}

/** @throws Error when the file is missing or lacks a key. */
export function readOdooConf(path: string): OdooConf {
  const options = optionsOf(readFileSync(path, 'utf8'));
  const need = (key: string): string => {
    const value = options.get(key);
    if (value === undefined) throw new Error(`${path} does not set ${key}`);
    return value;
  };
  return {
    host: need('db_host'),
    port: Number(options.get('db_port') ?? '5432'),
    user: need('db_user'),
    password: need('db_password'),
    database: need('db_name'),
    httpPort: Number(options.get('http_port') ?? '0'),
  };
}

/** Keys of section `[options]`. */
function optionsOf(text: string): Map<string, string> {
  const options = new Map<string, string>();
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[(.+)\]/.exec(line);
    const [, key, value] = /^([^=:#;[]+?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (header) section = header[1] ?? '';
    else if (section === 'options' && key !== undefined && value !== undefined) options.set(key.toLowerCase(), value);
  }
  return options;
}
