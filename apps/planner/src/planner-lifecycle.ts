import { toRehomeError } from '#shared/errors/rehome-error.js';
import { LeasedCursor } from '#shared/ledger/leased-cursor.js';
import { backOffMs, pauseFor } from '#shared/messaging/waiting.js';
import { ApiKeys } from './auth/api-keys.js';
import { BackupList } from './backups/backup-list.js';
import { Checkpoints } from './checkpoints.js';
import { lookupsFrom } from './intake/prepare/lookups.js';
import type { Lookups } from './intake/prepare/prepared.js';
import { refreshRegistry } from './intake/registry-refresh.js';
import { MigrationList } from './projections/migration-list.js';
import { ledgerReporter, PlannerHealth, type Reporter } from './health/planner-health.js';
import type { KafkaParts } from './kafka-parts.js';
import { closeLedgerParts, type LedgerParts } from './ledger-parts.js';
import { ProcessManager } from './migration/process-manager.js';
import { MigrationListProjection } from './projections/migration-list.projection.js';
import { ProjectionRunner } from './projections/projection-runner.js';
import { ProjectStore } from './projects/project-store.js';
import { Registry } from './registry/registry.js';
import { RegistryWriter } from './registry/registry-writer.js';
import { signingCommands } from './signed-commands.js';
import { seedRegistry } from './registry/seed.js';

const POLL_MS = 1_000;
const LONGEST_BACK_OFF_MS = 5_000;

/**
 * What runs in the planner beside its calls: seeding, process manager, projections, relay. Nothing of it needs the
 * ledger to answer at start: calls get 503 until it does.
 */
export class PlannerLifecycle {
  readonly registry: Registry;
  readonly registryWriter: RegistryWriter;
  readonly list: MigrationList;
  readonly backups: BackupList;
  readonly projects: ProjectStore;
  /** What a request may look up, as it stands now. */
  readonly lookups: () => Promise<Lookups>;
  readonly apiKeys: ApiKeys;
  readonly health: PlannerHealth;
  private readonly stopping = new AbortController();
  private readonly processManager: ProcessManager;
  private readonly projections: readonly ProjectionRunner[];
  private readonly checkpoints: Checkpoints | undefined;
  private seeded = false;
  private seeding: Promise<void> | undefined;

  constructor(
    readonly parts: LedgerParts,
    readonly kafka: KafkaParts | undefined,
  ) {
    this.registry = new Registry(parts.reader);
    this.registryWriter = new RegistryWriter(parts.writer);
    this.list = new MigrationList(parts.models);
    this.backups = new BackupList(parts.pools.reads);
    this.projects = new ProjectStore(parts.pools.reads, this.registry);
    const { registry, list, backups, projects } = this;
    const { backupKeep } = parts.config;
    this.lookups = () => lookupsFrom({ reader: parts.reader, registry, list, backups, projects, backupKeep });
    this.apiKeys = new ApiKeys(parts.models, parts.config.ownKeys);
    this.health = new PlannerHealth(this.reporters(), parts);
    this.processManager = this.buildProcessManager();
    this.projections = [this.buildProjection()];
    const { checkpoint } = parts.config;
    this.checkpoints = checkpoint === undefined ? undefined : new Checkpoints(parts, checkpoint);
  }

  /** Aborts when the planner stops: streams and waiting calls end with it. */
  get shutdown(): AbortSignal {
    return this.stopping.signal;
  }

  start(): void {
    const compared = Promise.all([this.kafka?.tailCompared(), this.checkpoints?.agreed(this.stopping.signal)]);
    this.kafka?.start();
    this.checkpoints?.start();
    for (const projection of this.projections) projection.start();
    this.seeding ??= this.begin(compared);
  }

  /** Nothing is decided, and the planner is not ready, before it is known that nobody knows of a longer ledger. */
  private async begin(compared: Promise<unknown>): Promise<void> {
    await compared;
    if (this.stopping.signal.aborted) return;
    if (this.parts.config.decidesLater !== true) this.processManager.start();
    await this.seed();
  }

  /** Of a planner that `decidesLater`: from now on it decides. */
  decide(): void {
    this.processManager.start();
  }

  /** Resolves when everything of the configuration is in the ledger, or the planner stops. */
  async whenSeeded(): Promise<void> {
    await this.seeding;
  }

  /** Before the port closes: unready, and nobody waits any longer. */
  announceStop(): void {
    this.health.stop();
    this.stopping.abort();
  }

  /** After the last call was answered: work in hand is finished, leases are given back. */
  async stop(): Promise<void> {
    this.announceStop();
    await this.seeding;
    await Promise.all([
      this.processManager.stop(),
      this.kafka?.stop(),
      ...this.projections.map((projection) => projection.stop()),
    ]);
    await this.checkpoints?.stop();
    await closeLedgerParts(this.parts);
  }

  private reporters(): Record<string, Reporter> {
    return {
      ledger: ledgerReporter(this.parts.reader),
      // Not yet seeded means that keys of the configuration would be refused: wait.
      registry: { essential: true, check: () => ({ status: this.seeded ? 'up' : 'starting' }) },
      kafka: this.kafka?.reporter() ?? { essential: false, check: () => ({ status: 'off' }) },
    };
  }

  private async seed(): Promise<void> {
    const { config, logger } = this.parts;
    const { signal } = this.stopping;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await this.apiKeys.put(config.apiKeys);
        const { registered, kept } = await seedRegistry(this.registry, this.registryWriter, config.catalogue);
        this.seeded = true;
        logger.info({ apiKeys: config.apiKeys.length, registered, kept }, 'planner seeded');
        return;
      } catch (error) {
        logger.warn({ err: toRehomeError(error), attempt }, 'seeding waits');
        await pauseFor(backOffMs(attempt, 100, LONGEST_BACK_OFF_MS), signal);
      }
    }
  }

  private buildProcessManager(): ProcessManager {
    const { reader, writer, wake, pools, owner, config, logger, metrics, faults } = this.parts;
    const leaseTtlMs = config.readerLeaseTtlMs;
    return new ProcessManager({
      reader,
      writer: signingCommands(writer, config.signingKey),
      refresh: (state) => refreshRegistry(state, this.lookups),
      wake,
      leases: pools.leases,
      owner,
      leaseTtlMs,
      pollMs: POLL_MS,
      logger,
      metrics,
      faults,
    });
  }

  private buildProjection(): ProjectionRunner {
    const { reader, writer, wake, pools, owner, config, logger, metrics } = this.parts;
    const projection = new MigrationListProjection(reader, pools.reads, metrics);
    const claim = { name: projection.name, owner, ttlMs: config.readerLeaseTtlMs };
    return new ProjectionRunner({
      projection,
      acquire: () => LeasedCursor.acquire(pools.leases, claim),
      reader,
      writer,
      wake,
      logger,
    });
  }
}
