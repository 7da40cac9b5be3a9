import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { closePools, openPools, type LedgerPools } from '#shared/database/pools.js';
import { measureAppends } from '#shared/ledger/append-metrics.js';
import { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { LedgerWake } from '#shared/ledger/ledger-wake.js';
import { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { FaultPoints } from '#shared/observability/fault-points.js';
import type { Logger } from '#shared/observability/logger.js';
import { Metrics } from '#shared/observability/metrics.js';
import { PlannerModels } from './models/planner-models.js';
import type { PlannerConfig } from './planner.config.js';

/** The planner's way to the ledger, and what everything in it shares. Opening waits for nothing. */
export interface LedgerParts {
  readonly config: PlannerConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly faults: FaultPoints;
  /** Unique per process: the owner of its leases. */
  readonly owner: string;
  readonly pools: LedgerPools;
  readonly models: PlannerModels;
  readonly reader: LedgerReader;
  readonly writer: LedgerWriter;
  readonly wake: LedgerWake;
}

export function openLedgerParts(config: PlannerConfig, logger: Logger): LedgerParts {
  const settings = { url: config.ledgerUrl, applicationName: 'rehome planner' };
  const pools = openPools(settings);
  const metrics = new Metrics({ processMetrics: true });
  return {
    config,
    logger,
    metrics,
    faults: new FaultPoints(config.faultPoints),
    owner: `planner:${hostname()}:${String(process.pid)}:${randomBytes(4).toString('hex')}`,
    pools,
    models: new PlannerModels({ ...settings, reads: 4 }),
    reader: new LedgerReader(pools.reads),
    writer: new LedgerWriter(pools.appends, { observe: measureAppends(metrics) }),
    wake: new LedgerWake(config.ledgerUrl),
  };
}

/** After everything that uses them has stopped. */
export async function closeLedgerParts({ writer, wake, models, pools }: LedgerParts): Promise<void> {
  await writer.close();
  await Promise.all([wake.close(), models.close(), closePools(pools)]);
}
