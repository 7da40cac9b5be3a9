import { screenOf, settingSources } from './cli.config.js';
import { readCliSettings } from './configuration/read-cli-settings.js';
import { plannerElsewhere, plannerInProcess } from './connection.js';
import { spoken } from './rendering/screen.js';
import type { Run } from './run.js';

/** Flags that every command takes. */
export interface GlobalFlags {
  readonly json?: boolean;
  readonly color?: boolean;
  readonly verbose?: boolean;
}

/** @throws CliError with exit 64 when the configuration is wrong. */
export async function createRun(
  flags: GlobalFlags & Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Run> {
  const settings = await readCliSettings(settingSources(flags, environment));
  const json = flags.json === true;
  const inProcess = settings.inProcess.value === 'true';
  const screen = screenOf(
    {
      progress: settings.progress.value ?? 'auto',
      json,
      inProcess: inProcess && settings.inProcess.origin === 'flag',
      colour: flags.color !== false,
    },
    environment,
    process,
  );
  const { value: seconds } = settings.timeout;
  const verbose = flags.verbose === true;
  const connection = inProcess
    ? plannerInProcess({ environment, verbose, signal })
    : plannerElsewhere(settings, signal);
  return {
    settings,
    environment,
    json,
    screen,
    verbose,
    inProcess,
    interrupted: signal,
    timeoutMs: seconds === undefined ? undefined : timerMs(Number(seconds)),
    // What is JSON is ASCII enough, and must stay what it is.
    out: (text) => void process.stdout.write(`${json ? text : spoken(text, screen)}\n`),
    say: (text) => void process.stderr.write(`${spoken(text, screen)}\n`),
    ...connection,
  };
}

/** The longest that a timer of Node takes: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** Whole milliseconds, as timers want them. */
function timerMs(seconds: number): number {
  return Math.min(Math.round(seconds * 1000), LONGEST_MS);
}
