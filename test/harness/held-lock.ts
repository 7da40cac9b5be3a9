import pg from 'pg';
import { until } from './move-outcome.js';

/** A lock held by an administrator, so that whatever needs the object stands still in the middle of its work. */
export class HeldLock {
  private constructor(
    private readonly holder: pg.Client,
    /** Elsewhere on the server: what waits may drop the database together with the holder. */
    private readonly watcher: pg.Client,
    private readonly holderPid: number,
  ) {}

  /** @param what as in `lock table <what>`, such as `res_partner in access exclusive mode` */
  static async take(adminUrl: string, database: string, what: string): Promise<HeldLock> {
    const url = new URL(adminUrl);
    url.pathname = `/${encodeURIComponent(database)}`;
    const [holder, watcher] = await Promise.all([connect(url.href), connect(adminUrl)]);
    await holder.query('begin');
    await holder.query(`lock table ${what}`);
    const { rows } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
    return new HeldLock(holder, watcher, rows[0]?.pid ?? 0);
  }

  /** Resolves with the backends of Rehome that wait for the lock, once there is one. */
  async waiters(): Promise<number[]> {
    return until('a session of Rehome that waits for the lock', async () => {
      const { rows } = await this.watcher.query<{ pid: number }>(
        `select pid
           from pg_stat_activity
          where application_name like 'rehome:%' and $1 = any (pg_blocking_pids(pid))`,
        [this.holderPid],
      );
      return rows.length === 0 ? undefined : rows.map(({ pid }) => pid);
    });
  }

  /** Resolves when these backends are gone. */
  async gone(pids: readonly number[]): Promise<void> {
    await until(`the end of backends ${pids.join(', ')}`, async () => {
      const { rowCount } = await this.watcher.query('select from pg_stat_activity where pid = any ($1)', [pids]);
      return rowCount === 0 ? true : undefined;
    });
  }

  async release(): Promise<void> {
    for (const client of [this.holder, this.watcher]) await client.end().catch(() => undefined);
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
