import { RehomeClient } from '#client/rehome-client.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { scrubUrls } from '#shared/observability/logger.js';
import { CliError } from './cli-error.js';
import { apiKeyOf, type CliSettings } from './configuration/read-cli-settings.js';
import { EXIT, type ExitCode } from './exit-codes.js';

/** How commands reach a planner. */
export interface Connection {
  /** The one place where a client is made from the configuration. */
  client(): Promise<RehomeClient>;
  /** In process: from now on migrations are worked on. Elsewhere the services do so anyway. */
  work(): Promise<void>;
  close(): Promise<void>;
}

/** A person does not wait longer to learn of a wrong address; who has asked for something waits for a restart, too. */
const RETRIES = 2;

/** A planner that runs somewhere as a service. */
export function plannerElsewhere(settings: CliSettings, signal: AbortSignal): Connection {
  return {
    client: () => {
      const apiKey = apiKeyOf(settings);
      const url = settings.url.value ?? '';
      const key = apiKey === undefined ? {} : { apiKey };
      return Promise.resolve(new RehomeClient({ url, retries: RETRIES, signal, ...key }));
    },
    work: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

export interface OwnPlannerOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly verbose: boolean;
  readonly signal: AbortSignal;
}

/** Planner and executor of this process; they start with the first call that needs them. */
export function plannerInProcess(options: OwnPlannerOptions): Connection {
  let starting: ReturnType<typeof start> | undefined;
  const started = () => (starting ??= start(options));
  return {
    client: async () => new RehomeClient({ ...(await started()).address, signal: options.signal }),
    work: () => told(async () => (await started()).work()),
    close: async () => {
      const inProcess = await starting?.catch(() => undefined);
      await inProcess?.stop();
    },
  };
}

async function start(options: OwnPlannerOptions) {
  return told(async () => {
    const { InProcess } = await import('./in-process/in-process.js');
    return InProcess.start(options);
  });
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RehomeError)) throw error;
    throw new CliError(exitOf(error), `${scrubUrls(error.message)}   [${error.code}]`);
  }
}

function exitOf({ code }: RehomeError): ExitCode {
  switch (code) {
    case 'CONFIGURATION_INVALID':
      return EXIT.usage;
    case 'LEDGER_UNAVAILABLE':
    case 'POSTGRES_UNREACHABLE':
      return EXIT.unreachable;
    default:
      return EXIT.failed;
  }
}
