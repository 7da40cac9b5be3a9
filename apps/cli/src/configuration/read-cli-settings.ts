import { existsSync, readFileSync } from 'node:fs';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import { CLI_SETTINGS, CLI_SETTING_NAMES, type CliSetting, type CliSettingName } from './cli-settings.js';

/** A value and where it comes from: `flag`, the variable, a file's path or `default`. */
export interface OriginatedValue {
  readonly value: string | undefined;
  readonly origin: string;
}

export type CliSettings = Readonly<Record<CliSettingName, OriginatedValue>>;

export interface SettingSources {
  /** Values of flags by setting. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Files in order of precedence; those that do not exist are passed over. */
  readonly files: readonly string[];
}

/**
 * Each setting from the first place that has it: flag, environment, ./rehome.yaml, the user's file, the system's, default.
 *
 * @throws CliError with exit 64 that lists every problem
 */
export async function readCliSettings({ flags, environment, files }: SettingSources): Promise<CliSettings> {
  const layers: Layer[] = [
    { origin: () => 'flag', values: flags },
    {
      origin: (name) => CLI_SETTINGS[name].variable,
      values: Object.fromEntries(CLI_SETTING_NAMES.map((name) => [name, environment[CLI_SETTINGS[name].variable]])),
    },
  ];
  for (const path of files.filter((file) => existsSync(file))) {
    layers.push({ origin: () => path, values: await fileValues(path) });
  }
  const settings = Object.fromEntries(CLI_SETTING_NAMES.map((name) => [name, firstOf(layers, name)])) as CliSettings;
  refuseWrong(settings);
  return oneKey(settings, layers);
}

/** The API key: given itself, or the first line of its file. */
export function apiKeyOf({ apiKey, keyFile }: CliSettings): string | undefined {
  if (apiKey.value !== undefined) return apiKey.value;
  if (keyFile.value === undefined) return undefined;
  try {
    return readFileSync(keyFile.value, 'utf8').trim();
  } catch {
    throw new CliError(EXIT.usage, `the key file ${keyFile.value} (from ${keyFile.origin}) cannot be read`);
  }
}

interface Layer {
  readonly origin: (name: CliSettingName) => string;
  readonly values: Readonly<Record<string, unknown>>;
}

function firstOf(layers: readonly Layer[], name: CliSettingName): OriginatedValue {
  for (const { origin, values } of layers) {
    const value = values[name];
    if (typeof value === 'string' && value !== '') return { value, origin: origin(name) };
    if (typeof value === 'number' || typeof value === 'boolean') return { value: String(value), origin: origin(name) };
  }
  const { default: standard }: CliSetting = CLI_SETTINGS[name];
  return { value: standard, origin: 'default' };
}

/** Of the key and its file only the one that stands in the higher place counts. */
function oneKey(settings: CliSettings, layers: readonly Layer[]): CliSettings {
  const place = (name: CliSettingName): number => {
    const found = layers.findIndex(({ values }) => typeof values[name] === 'string' && values[name] !== '');
    return found < 0 ? layers.length : found;
  };
  const nothing: OriginatedValue = { value: undefined, origin: 'default' };
  return place('apiKey') <= place('keyFile') ? { ...settings, keyFile: nothing } : { ...settings, apiKey: nothing };
}

async function fileValues(path: string): Promise<Readonly<Record<string, unknown>>> {
  // Only who has such a file waits for its parser.
  const { parseDocument } = await import('yaml');
  const document = parseDocument(readFileSync(path, 'utf8'));
  const [error] = document.errors;
  if (error !== undefined) throw new CliError(EXIT.usage, `${path} is no YAML: ${error.message}`);
  const values: unknown = document.toJS() ?? {};
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new CliError(EXIT.usage, `${path} must hold names and values, such as "url: http://127.0.0.1:8400"`);
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(CLI_SETTINGS, name));
  if (unknown.length > 0)
    throw new CliError(
      EXIT.usage,
      `${path} holds ${unknown.join(', ')}, which is no setting; known: ${CLI_SETTING_NAMES.join(', ')}`,
    );
  return values as Readonly<Record<string, unknown>>;
}

function refuseWrong(settings: CliSettings): void {
  const problems = CLI_SETTING_NAMES.flatMap((name) => {
    const { value, origin } = settings[name];
    const { choices }: CliSetting = CLI_SETTINGS[name];
    if (value === undefined) return [];
    if (choices !== undefined && !choices.includes(value))
      return [`${name} is ${JSON.stringify(value)} (${origin}); give one of ${choices.join(', ')}`];
    if (name === 'timeout' && !/^\d+(?:\.\d+)?$/.test(value))
      return [`timeout is ${JSON.stringify(value)} (${origin}); give seconds`];
    return [];
  });
  if (problems.length > 0) throw new CliError(EXIT.usage, problems.join('\n'));
}
