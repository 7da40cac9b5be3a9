import type { RehomeClient } from '#client/rehome-client.js';
import type { CliSettings } from './configuration/read-cli-settings.js';
import type { ExitCode } from './exit-codes.js';
import type { Screen } from './rendering/screen.js';

/** What a command has to work with. */
export interface Run {
  readonly settings: CliSettings;
  readonly screen: Screen;
  /** Results as one JSON object, or NDJSON. */
  readonly json: boolean;
  readonly verbose: boolean;
  /** Aborts at Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Of `--timeout`; undefined when it may take as long as it takes. */
  readonly timeoutMs: number | undefined;
  /** A result, to standard output. */
  out(text: string): void;
  /** Progress, hints and prompts, to standard error. */
  say(text: string): void;
  /** The planner as the settings say. */
  client(): Promise<RehomeClient>;
}

/** One command; `args` and `options` as its declaration says. */
export type CommandBody<Args extends readonly unknown[] = readonly string[], Options extends object = object> = (
  run: Run,
  args: Args,
  options: Options,
) => Promise<ExitCode>;
