import { RehomeClient } from '#client/rehome-client.js';
import { screenOf, settingSources } from './cli.config.js';
import { apiKeyOf, readCliSettings, type CliSettings } from './configuration/read-cli-settings.js';
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
  const wishes = { progress: settings.progress.value ?? 'auto', json, colour: flags.color !== false };
  const { value: seconds } = settings.timeout;
  return {
    settings,
    json,
    screen: screenOf(wishes, environment, process),
    verbose: flags.verbose === true,
    interrupted: signal,
    timeoutMs: seconds === undefined ? undefined : Number(seconds) * 1000,
    out: (text) => void process.stdout.write(`${text}\n`),
    say: (text) => void process.stderr.write(`${text}\n`),
    client: () => Promise.resolve(plannerClient(settings)),
  };
}

/** A planner that restarts is back within seconds; a person does not wait longer to learn of a wrong address. */
const RETRIES = 2;

/** The one place where a client is made from the configuration. */
function plannerClient(settings: CliSettings): RehomeClient {
  const apiKey = apiKeyOf(settings);
  return new RehomeClient({
    url: settings.url.value ?? '',
    retries: RETRIES,
    ...(apiKey === undefined ? {} : { apiKey }),
  });
}
