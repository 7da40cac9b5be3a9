import { closePools, openPools, type LedgerPools } from '#shared/database/pools.js';
import { measureAppends } from '#shared/ledger/append-metrics.js';
import { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { LedgerWake } from '#shared/ledger/ledger-wake.js';
import { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { createLogger, type Logger } from '#shared/observability/logger.js';
import { Metrics } from '#shared/observability/metrics.js';
import { CommandKeys } from '#shared/signing/command-signature.js';
import { readCommandKeys } from '#shared/signing/signing-keys.js';
import { removeExpiredBackups } from './backups/expired-backups.js';
import { createStepTools } from './create-step-tools.js';
import type { ExecutorConfig } from './executor.config.js';
import { HealthWatch } from './health/projects/health-watch.js';
import { looksWith } from './health/projects/look-at-project.js';
import { measureProjects } from './health/projects/project-metrics.js';
import { RegisteredProjects } from './health/projects/registered-projects.js';
import { CommandIntake } from './intake/command-intake.js';
import { CommandSweep } from './intake/command-sweep.js';
import { LedgerDelivery } from './intake/ledger-delivery.js';
import { redactFailure } from './redact-failure.js';
import { AttemptRunner } from './running/attempt-runner.js';
import { Claimer } from './running/claimer.js';
import { clearOrphans } from './running/clear-orphans.js';
import { OutcomeWriter } from './running/outcome-writer.js';
import { Runner } from './running/runner.js';
import type { StepTools } from './running/step-tools.js';
import { Redactor } from './secrets/redact.js';
import type { Vault } from './secrets/vault.js';
import { proveSite } from './site-proof.js';
import { typedRun } from './steps/params-shape.js';
import { stepOf } from './steps/step-registry.js';

const LEDGER_STATEMENT_MS = 5_000;

/** Everything of an executor but Kafka and HTTP. One per process. */
export class Executor {
  readonly metrics = new Metrics({ processMetrics: true });
  readonly reader: LedgerReader;
  readonly registered: RegisteredProjects;
  readonly intake: CommandIntake;
  readonly sweep: CommandSweep;
  readonly delivery: LedgerDelivery;
  private readonly watch: HealthWatch;
  private readonly pools: LedgerPools;
  private readonly ledger: LedgerWriter;
  private readonly wake: LedgerWake;
  private readonly tools: StepTools;
  private readonly vault: Vault;
  private readonly runner: Runner;
  private readonly keys: CommandKeys;
  /** Aborted when the outcome of a step cannot be waited for any longer. */
  private readonly givingUp = new AbortController();
  private readonly ended = new AbortController();

  constructor(
    private readonly config: ExecutorConfig,
    readonly logger: Logger = createLogger({ name: 'executor', level: config.logLevel }).child({ owner: config.owner }),
  ) {
    this.pools = openPools({
      url: config.ledgerUrl,
      applicationName: 'rehome executor',
      statementTimeoutMs: Math.min(LEDGER_STATEMENT_MS, config.leaseTtlMs),
    });
    this.ledger = new LedgerWriter(this.pools.appends, { observe: measureAppends(this.metrics) });
    this.reader = new LedgerReader(this.pools.reads);
    this.registered = new RegisteredProjects(this.reader);
    this.wake = new LedgerWake(config.ledgerUrl);
    const redactor = new Redactor();
    const { metrics, ledger, pools } = this;
    const { tools, vault } = createStepTools({ config, pools, redactor, logger: this.logger, metrics, ledger });
    this.tools = tools;
    this.vault = vault;
    this.runner = this.createRunner(redactor);
    this.keys = new CommandKeys(readCommandKeys({ text: config.commandKeys, file: config.commandKeysFile }));
    this.intake = this.createIntake();
    this.sweep = this.createSweep();
    this.delivery = this.createDelivery();
    this.watch = this.createWatch();
  }

  /** Brings the gauges of projects up to date. @throws RehomeError LEDGER_UNAVAILABLE */
  measure(): Promise<void> {
    return measureProjects(this.pools.reads, this.registered, this.metrics);
  }

  get runningSteps(): number {
    return this.runner.runningSteps;
  }

  /**
   * @param commands how they come: by Kafka, and the sweep brings what it lost; or from the ledger, where the planner
   * runs in the same process
   * @throws RehomeError CONFIGURATION_INVALID when it may not act for its site, LEDGER_UNAVAILABLE.
   */
  async start(commands: 'kafka' | 'ledger' = 'kafka'): Promise<void> {
    await proveSite({ name: this.config.executorSite, workRoot: this.config.workRoot }, this.vault);
    await removeExpiredBackups(this.tools, this.logger);
    this.runner.start();
    if (commands === 'ledger') this.delivery.start();
    else {
      this.sweep.start();
      // A command line that works in process ends with its work: it watches nothing.
      this.watch.start();
    }
    void this.followLedger();
  }

  /** Claims no more, gives running steps back at their safe points, and ends within the shutdown time-out. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => {
      this.givingUp.abort();
    }, this.config.shutdownTimeoutMs);
    this.ended.abort();
    await Promise.all([
      this.sweep.stop(),
      this.delivery.stop(),
      this.watch.stop(),
      Promise.race([this.runner.stop(), aborted(this.givingUp.signal)]),
    ]);
    clearTimeout(timer);
    await Promise.all([this.ledger.close(), this.wake.close()]);
    await closePools(this.pools);
  }

  /** Another executor may have accepted a run of our site. Looks at most a few times a second. */
  private async followLedger(): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      await this.wake.waitFor(signal, 1_000);
      this.runner.wake();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  private createRunner(redactor: Redactor): Runner {
    const { config, logger, metrics, ledger, pools, tools } = this;
    const claimant = { owner: config.owner, site: config.executorSite, ttlMs: config.leaseTtlMs };
    const claimer = new Claimer({ ledger, reads: pools.reads, claimant, metrics, logger });
    const attempts = new AttemptRunner({
      stepOf,
      typed: typedRun,
      tools,
      outcomes: new OutcomeWriter({ ledger, evidence: tools.evidence, metrics, logger }),
      clearOrphans,
      redact: redactFailure(redactor),
      leases: pools.leases,
      leaseTimes: { ttlMs: config.leaseTtlMs, beatMs: config.heartbeatMs },
      owner: config.owner,
      metrics,
      logger,
    });
    return new Runner(
      {
        claimNext: () => claimer.claimNext(),
        idleMs: () => claimer.idleMs(),
        execute: (claimed, stopping) => attempts.execute(claimed, stopping, this.givingUp.signal),
      },
      { concurrency: config.maxConcurrentSteps, logger, metrics },
    );
  }

  private createIntake(): CommandIntake {
    const { ledger, reader, pools, keys, metrics, logger, config } = this;
    const wake = (): void => {
      this.runner.wake();
    };
    return new CommandIntake({ ledger, reader, reads: pools.reads, keys, owner: config.owner, metrics, logger, wake });
  }

  private createDelivery(): LedgerDelivery {
    const { intake, reader, pools, wake, keys, logger } = this;
    return new LedgerDelivery({ intake, reader, reads: pools.reads, wake, keys, logger });
  }

  private createWatch(): HealthWatch {
    const { config, tools, registered, pools, logger } = this;
    const parts = {
      registered,
      store: tools.projectHealth,
      look: looksWith({ tools, sessionName: 'rehome health' }),
      leases: pools.leases,
      owner: config.owner,
      logger,
    };
    return new HealthWatch(parts, config.healthIntervalMs);
  }

  private createSweep(): CommandSweep {
    const { config, intake, reader, ledger, pools, metrics, logger } = this;
    const { owner, sweepIntervalMs: intervalMs, sweepGraceMs: graceMs } = config;
    return new CommandSweep(
      { intake, reader, ledger, reads: pools.reads, leases: pools.leases, owner, metrics, logger },
      { intervalMs, graceMs, leaseTtlMs: config.leaseTtlMs },
    );
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
