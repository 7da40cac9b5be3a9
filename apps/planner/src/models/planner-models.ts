import type { DataSource, EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import { ledgerDataSource } from '#shared/database/data-source.js';
import type { PoolSettings } from '#shared/database/pools.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';
import { ApiKeyRow } from './api-key.entity.js';
import { MigrationRow } from './migration.entity.js';

/**
 * The planner's read models through TypeORM. Connects when first used, and again after a failure, so that a
 * planner starts and answers 503 while its ledger is away.
 */
export class PlannerModels {
  private readonly source: DataSource;
  private opening: Promise<unknown> | undefined;

  constructor(settings: PoolSettings) {
    this.source = ledgerDataSource(settings, [ApiKeyRow, MigrationRow]);
  }

  /** @throws RehomeError LEDGER_UNAVAILABLE from `use` as well as from connecting. */
  async with<T extends ObjectLiteral, R>(
    entity: EntityTarget<T>,
    use: (rows: Repository<T>) => Promise<R>,
  ): Promise<R> {
    try {
      await this.open();
      return await use(this.source.getRepository(entity));
    } catch (error) {
      throw ledgerFailure(driverError(error));
    }
  }

  async close(): Promise<void> {
    await this.opening?.catch(() => undefined);
    if (this.source.isInitialized) await this.source.destroy();
  }

  private async open(): Promise<void> {
    if (this.source.isInitialized) return;
    this.opening ??= this.source.initialize().finally(() => (this.opening = undefined));
    await this.opening;
  }
}

/** TypeORM wraps what `pg` throws; the code is on the inner error. */
function driverError(error: unknown): unknown {
  return error instanceof Error && 'driverError' in error ? error.driverError : error;
}
