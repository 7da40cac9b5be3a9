import pg from 'pg';

const RECONNECT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 3_000;

interface Sleeper {
  readonly after: bigint;
  readonly wake: () => void;
}

/**
 * Wakes readers when the ledger grows, by LISTEN on one connection of its own. Only a hint: a reader that
 * waits here also looks again after its time-out, so a lost connection costs latency, never an event.
 */
export class LedgerWake {
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private connecting: Promise<void> | undefined;
  private closed = false;
  private latest = 0n;
  private readonly sleepers = new Set<Sleeper>();

  constructor(private readonly url: string) {}

  /**
   * Resolves when an append is heard of, after `timeoutMs`, or on abort; never rejects.
   *
   * @param after position the caller has read to: what was heard between its read and this call wakes it at once.
   */
  async waitFor(signal: AbortSignal, timeoutMs: number, after?: bigint): Promise<void> {
    this.connect();
    const threshold = after ?? this.latest;
    if (signal.aborted || this.closed || this.latest > threshold) return;
    await new Promise<void>((resolve) => {
      const sleeper: Sleeper = {
        after: threshold,
        wake: () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', sleeper.wake);
          this.sleepers.delete(sleeper);
          resolve();
        },
      };
      const timer = setTimeout(sleeper.wake, timeoutMs);
      signal.addEventListener('abort', sleeper.wake, { once: true });
      this.sleepers.add(sleeper);
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    for (const sleeper of [...this.sleepers]) sleeper.wake();
    await this.connecting;
    await this.client?.end().catch(() => undefined);
  }

  private connect(): void {
    if (this.closed || this.client !== undefined || this.retry !== undefined) return;
    const client = new pg.Client({
      connectionString: this.url,
      application_name: 'rehome wake',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    });
    this.client = client;
    client.on('notification', (message) => {
      this.heard(BigInt(message.payload ?? '0'));
    });
    client.on('error', () => {
      this.lost(client);
    });
    client.on('end', () => {
      this.lost(client);
    });
    this.connecting = this.listen(client);
  }

  private async listen(client: pg.Client): Promise<void> {
    try {
      await client.connect();
      await client.query('listen rehome_ledger');
      // What was appended before the LISTEN is not announced: everybody looks once.
      const { rows } = await client.query<{ position: string }>('select position from ledger.head');
      this.heard(BigInt(rows[0]?.position ?? '0'));
    } catch {
      this.lost(client);
    }
  }

  private heard(position: bigint): void {
    if (position > this.latest) this.latest = position;
    for (const sleeper of [...this.sleepers]) if (this.latest > sleeper.after) sleeper.wake();
  }

  private lost(client: pg.Client): void {
    if (this.client !== client) return;
    this.client = undefined;
    client.end().catch(() => undefined);
    if (this.closed) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      if (this.sleepers.size > 0) this.connect();
    }, RECONNECT_MS);
    this.retry.unref();
  }
}
