import pg from 'pg';

/**
 * Connections by purpose, kept apart so that a burst of reads never starves a lease: appends 3 (two flushes
 * are in flight, the third replaces a broken one), leases 2, reads the rest.
 */
export interface LedgerPools {
  readonly appends: pg.Pool;
  readonly leases: pg.Pool;
  readonly reads: pg.Pool;
}

export interface PoolSettings {
  readonly url: string;
  /** Shown in pg_stat_activity, with the purpose after it: `rehome planner appends`. */
  readonly applicationName: string;
  /** Size of the reads pool; 6 when silent. */
  readonly reads?: number;
  /** Longest wait for a connection; 3000 when silent. */
  readonly connectTimeoutMs?: number;
  /** Longest statement, on the server and, a little longer, here; 10 000 when silent. */
  readonly statementTimeoutMs?: number;
}

export function openPools(settings: PoolSettings): LedgerPools {
  return {
    appends: openPool(settings, 'appends', 3),
    leases: openPool(settings, 'leases', 2),
    reads: openPool(settings, 'reads', settings.reads ?? 6),
  };
}

/** One pool with bounded waits: to connect, on the server, and for an answer of a server that went silent. */
function openPool(settings: PoolSettings, purpose: string, max: number): pg.Pool {
  const statementTimeoutMs = settings.statementTimeoutMs ?? 10_000;
  const pool = new pg.Pool({
    connectionString: settings.url,
    application_name: `${settings.applicationName} ${purpose}`,
    max,
    connectionTimeoutMillis: settings.connectTimeoutMs ?? 3_000,
    statement_timeout: statementTimeoutMs,
    lock_timeout: statementTimeoutMs / 2,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  // A connection that breaks while idle is dropped by the pool; one that breaks while lent out, between two
  // queries, fails the next query. Without listeners either would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

export async function closePools(pools: LedgerPools): Promise<void> {
  await Promise.all([pools.appends.end(), pools.leases.end(), pools.reads.end()]);
}
