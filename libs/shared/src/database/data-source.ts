import { DataSource, type DataSourceOptions } from 'typeorm';
import type { PoolSettings } from './pools.js';

/** Entities of an application's read models. */
export type Entities = NonNullable<DataSourceOptions['entities']>;

/**
 * TypeORM over the ledger database, for read models and registries only: the ledger itself is written by its
 * function and read by keyset SQL. Call `initialize()` on it; the schema comes from numbered SQL.
 */
export function ledgerDataSource(settings: PoolSettings, entities: Entities): DataSource {
  const statementTimeoutMs = settings.statementTimeoutMs ?? 10_000;
  return new DataSource({
    type: 'postgres',
    url: settings.url,
    applicationName: `${settings.applicationName} models`,
    entities,
    synchronize: false,
    migrationsRun: false,
    poolSize: settings.reads ?? 6,
    connectTimeoutMS: settings.connectTimeoutMs ?? 3_000,
    poolErrorHandler: () => undefined,
    extra: {
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + 1_000,
      keepAlive: true,
    },
  });
}
