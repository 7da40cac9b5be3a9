import { readFileSync } from 'node:fs';
import { RehomeError } from '../errors/rehome-error.js';
import type { SettingEntry } from './setting-entry.js';
import { SETTINGS, type SettingKey } from './settings.js';

type Entry<K extends SettingKey> = (typeof SETTINGS)[K];
type ScalarOf<E> = E extends { type: 'integer' }
  ? number
  : E extends { type: 'flag' }
    ? boolean
    : E extends { type: 'list' }
      ? readonly string[]
      : E extends { choices: readonly (infer C)[] }
        ? C
        : string;
type ValueOf<E> = E extends { optional: true } ? ScalarOf<E> | undefined : ScalarOf<E>;

/** What a program gets for the settings it named. */
export type Settings<K extends SettingKey> = { readonly [P in K]: ValueOf<Entry<P>> };

type Parsed = { readonly value: unknown } | { readonly problem: string };

/**
 * Reads the named settings from an environment, once, in `main.ts`.
 *
 * @throws RehomeError CONFIGURATION_INVALID that lists every problem; values of secrets are not repeated.
 */
export function readSettings<const K extends SettingKey>(
  keys: readonly K[],
  environment: NodeJS.ProcessEnv,
): Settings<K> {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const key of keys) {
    const parsed = readOne(SETTINGS[key], environment);
    if ('problem' in parsed) problems.push(parsed.problem);
    else values[key] = parsed.value;
  }
  if (problems.length > 0) throw configurationInvalid(problems);
  return values as Settings<K>;
}

/** All problems of a start in one error: what stands where, and what to do. */
export function configurationInvalid(problems: readonly string[]): RehomeError {
  const lines = problems.map((problem) => `  - ${problem}`);
  return new RehomeError(
    'CONFIGURATION_INVALID',
    `the configuration has ${String(problems.length)} problem(s):\n${lines.join('\n')}`,
    {
      facts: { problems },
    },
  );
}

function readOne(entry: SettingEntry, environment: NodeJS.ProcessEnv): Parsed {
  const given = entry.orFile === true ? givenOrInFile(entry.name, environment) : presence(environment[entry.name]);
  if (typeof given === 'object') return given;
  const text = given ?? entry.default;
  if (text === undefined) {
    return entry.optional === true
      ? { value: undefined }
      : { problem: `${entry.name} is missing: ${entry.description}` };
  }
  if (entry.forTests === true && text !== '' && environment['NODE_ENV'] === 'production') {
    return { problem: `${entry.name} is for tests and refused while NODE_ENV is production; remove it` };
  }
  return parse(entry, text);
}

function presence(given: string | undefined): string | undefined {
  return given === '' ? undefined : given;
}

/** What the variable says, or the file that `<name>_FILE` names, without the line break at its end. */
function givenOrInFile(
  name: string,
  environment: NodeJS.ProcessEnv,
): string | undefined | { readonly problem: string } {
  const text = presence(environment[name]);
  const file = presence(environment[`${name}_FILE`]);
  if (file === undefined) return text;
  if (text !== undefined) return { problem: `${name} and ${name}_FILE are both given; give one of them` };
  try {
    return presence(readFileSync(file, 'utf8').trimEnd());
  } catch {
    return { problem: `${name}_FILE names ${file}, which cannot be read` };
  }
}

function parse(entry: SettingEntry, text: string): Parsed {
  switch (entry.type) {
    case 'text':
      return { value: text };
    case 'list':
      return {
        value: text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      };
    case 'flag':
      if (text === 'true' || text === 'false') return { value: text === 'true' };
      return { problem: `${entry.name} is ${shown(entry, text)}; give true or false` };
    case 'choice':
      if (entry.choices?.includes(text) === true) return { value: text };
      return { problem: `${entry.name} is ${shown(entry, text)}; give one of ${(entry.choices ?? []).join(', ')}` };
    case 'integer':
      return parseInteger(entry, text);
  }
}

function parseInteger(entry: SettingEntry, text: string): Parsed {
  const value = Number(text);
  const minimum = entry.minimum ?? 0;
  if (/^\d{1,15}$/.test(text) && value >= minimum) return { value };
  const unit = entry.unit === undefined ? '' : ` of ${entry.unit}`;
  return {
    problem: `${entry.name} is ${shown(entry, text)}; give a whole number${unit} of at least ${String(minimum)}`,
  };
}

function shown(entry: SettingEntry, text: string): string {
  return entry.secret === true ? 'not usable' : JSON.stringify(text);
}
