import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { once } from 'node:events';
import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import { createLogger, type Logger } from '#shared/observability/logger.js';
import { startTracing } from '#shared/observability/start-tracing.js';
import type { StopTracing } from '#shared/observability/tracing-sdk.js';
import type { Executor } from '../../../executor/src/executor.js';
import { hashKey } from '../../../planner/src/auth/api-keys.js';
import { createPlanner, type PlannerApp } from '../../../planner/src/planner.app.js';
import { readInProcessConfig, type InProcessConfig } from './in-process.config.js';

export interface InProcessOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Logs from `info` on. */
  readonly verbose: boolean;
  /** Ends a start that waits. */
  readonly signal: AbortSignal;
}

/** Where the planner of this process answers, and to whom. */
export interface InProcessAddress {
  readonly url: string;
  readonly apiKey: string;
}

/**
 * Planner and executor in this process, with the ledger and without Kafka: the same parts as in the services, only that
 * the executor takes its commands from the ledger. The planner answers on a local port, to a key that only this process
 * knows. Nothing is decided and no step runs before `work()`.
 */
export class InProcess {
  private executor: Executor | undefined;
  private working: Promise<void> | undefined;

  private constructor(
    private readonly config: InProcessConfig,
    private readonly logger: Logger,
    private readonly planner: PlannerApp,
    readonly address: InProcessAddress,
    private readonly stopTracing: StopTracing,
  ) {}

  /** @throws RehomeError CONFIGURATION_INVALID, LEDGER_UNAVAILABLE, POSTGRES_… */
  static async start({ environment, verbose, signal }: InProcessOptions): Promise<InProcess> {
    const apiKey = randomBytes(32).toString('base64url');
    const key = { name: callerName(), role: 'operator', keySha256: hashKey(apiKey) } as const;
    const config = await readInProcessConfig(environment, { key, verbose });
    const logger = createLogger({ name: 'rehome', level: config.logLevel, destination: process.stderr });
    const stopTracing = await startTracing(environment, 'rehome-in-process', logger);
    const planner = await createPlanner(config.planner, logger.child({ part: 'planner' }));
    try {
      // The planner would wait for a ledger that is away; who typed a command wants to know.
      await planner.lifecycle.parts.reader.head().catch(explainLogin);
      const url = await planner.start();
      await Promise.race([planner.lifecycle.whenSeeded(), aborted(signal)]);
      signal.throwIfAborted();
      return new InProcess(config, logger, planner, { url, apiKey }, stopTracing);
    } catch (error) {
      await planner.stop();
      throw error;
    }
  }

  /** From now on migrations are decided and their steps run, also those that others left. Can be called again. */
  work(): Promise<void> {
    this.working ??= this.beginWork();
    return this.working;
  }

  /** Running steps are finished or given back as at SIGTERM, leases are released, and everything closes. */
  async stop(): Promise<void> {
    await this.working?.catch(() => undefined);
    await Promise.all([this.executor?.stop(), this.planner.stop()]);
    await this.stopTracing();
  }

  private async beginWork(): Promise<void> {
    const { executor: config } = this.config;
    // Who only asks does not wait for it.
    const { Executor } = await import('../../../executor/src/executor.js');
    this.executor = new Executor(config, this.logger.child({ part: 'executor', owner: config.owner }));
    await this.executor.start('ledger');
    this.planner.lifecycle.decide();
  }
}

/** Logins keep the passwords that services have given them, which are then not ours. */
function explainLogin(error: unknown): never {
  const { code, message } = toRehomeError(error);
  if (code !== 'POSTGRES_AUTHENTICATION_FAILED') throw error;
  throw new RehomeError(
    'CONFIGURATION_INVALID',
    `${message}; the ledger's logins have passwords of their own: give REHOME_LEDGER_PLANNER_URL and REHOME_LEDGER_EXECUTOR_URL`,
    { cause: error },
  );
}

/** The same person is the same caller in every run: nobody approves a plan of their own by asking twice. */
function callerName(): string {
  let user: string;
  try {
    user = userInfo().username;
  } catch {
    // A container's user needs no entry in its passwd.
    user = String(process.getuid?.() ?? 'unknown');
  }
  return `in-process.${user.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 80)}`;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
