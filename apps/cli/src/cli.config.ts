import { homedir } from 'node:os';
import { join } from 'node:path';
import type { SettingSources } from './configuration/read-cli-settings.js';
import type { ProgressMode, Screen } from './rendering/screen.js';

type Environment = Readonly<Record<string, string | undefined>>;

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The streams a command talks through. */
export interface Streams {
  readonly stdin: Terminal;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
}

/** Where settings are looked for, the first one wins. */
function settingFiles(environment: Environment, directory: string): string[] {
  const user = environment['XDG_CONFIG_HOME'] ?? join(environment['HOME'] ?? homedir(), '.config');
  const systems = (environment['XDG_CONFIG_DIRS'] ?? '/etc/xdg').split(':').filter((path) => path !== '');
  return [
    join(directory, 'rehome.yaml'),
    join(user, 'rehome', 'config.yaml'),
    ...systems.map((path) => join(path, 'rehome', 'config.yaml')),
    '/etc/rehome/config.yaml',
  ];
}

export function settingSources(flags: Readonly<Record<string, unknown>>, environment: Environment): SettingSources {
  return { flags, environment, files: settingFiles(environment, process.cwd()) };
}

export interface Wishes {
  readonly progress: string;
  /** Results as JSON. */
  readonly json: boolean;
  /** `--in-process` was given, in this line only. */
  readonly inProcess: boolean;
  /** `--no-color` was not given. */
  readonly colour: boolean;
}

/** What the terminal can do, by what it says of itself and what the environment says of it. */
export function screenOf(wishes: Wishes, environment: Environment, streams: Streams): Screen {
  const dumb = environment['TERM'] === 'dumb';
  const accessible = isSet(environment['ACCESSIBLE']);
  const colour = (stream: Terminal) =>
    wishes.colour && stream.isTTY === true && !dumb && !isSet(environment['NO_COLOR']) && !accessible;
  return {
    progress: progressMode(wishes.progress, environment, streams.stderr),
    colour: { out: colour(streams.stdout), err: colour(streams.stderr) },
    unicode: speaksUtf8(environment),
    accessible,
    again: wishes.inProcess ? ' --in-process' : '',
    width: streams.stdout.isTTY === true ? streams.stdout.columns || 80 : undefined,
    canAsk: streams.stdin.isTTY === true && streams.stderr.isTTY === true && !isSet(environment['CI']),
  };
}

function progressMode(wish: string, environment: Environment, stream: Terminal): ProgressMode {
  if (wish === 'plain' || wish === 'json' || wish === 'none') return wish;
  if (isSet(environment['ACCESSIBLE'])) return 'plain';
  if (wish === 'tty') return 'tty';
  const quiet = environment['TERM'] === 'dumb' || isSet(environment['CI']);
  // A terminal that does not know its width would be redrawn wrongly.
  return stream.isTTY === true && !quiet && (stream.columns ?? 0) > 0 ? 'tty' : 'plain';
}

function speaksUtf8(environment: Environment): boolean {
  const locale = [environment['LC_ALL'], environment['LC_CTYPE'], environment['LANG']].find(isSet);
  return /utf-?8/i.test(locale ?? '');
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
