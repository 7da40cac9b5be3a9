import type { CliSettings } from './configuration/read-cli-settings.js';
import type { Connection } from './connection.js';
import type { ExitCode } from './exit-codes.js';
import type { Screen } from './rendering/screen.js';

/** What a command has to work with. */
export interface Run extends Connection {
  readonly settings: CliSettings;
  readonly screen: Screen;
  /** Of the process: what a person has set in the shell. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Results as one JSON object, or NDJSON. */
  readonly json: boolean;
  readonly verbose: boolean;
  /** Planner and executor run in this process: what it leaves behind waits for the next one. */
  readonly inProcess: boolean;
  /** Aborts at Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Of `--timeout`; undefined when it may take as long as it takes. */
  readonly timeoutMs: number | undefined;
  /** A result, to standard output. */
  out(text: string): void;
  /** Progress, hints and prompts, to standard error. */
  say(text: string): void;
}

/** One command; `args` and `options` as its declaration says. */
export type CommandBody<Args extends readonly unknown[] = readonly string[], Options extends object = object> = (
  run: Run,
  args: Args,
  options: Options,
) => Promise<ExitCode>;
