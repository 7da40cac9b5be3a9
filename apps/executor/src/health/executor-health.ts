import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { ConsumerHealth } from '#shared/messaging/group-consumer.js';
import { within } from '#shared/messaging/waiting.js';
import type { Metrics } from '#shared/observability/metrics.js';

export interface Check {
  readonly status: 'up' | 'down' | 'off' | 'starting';
  readonly detail?: string;
}

export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'unready';
  readonly checks: { readonly ledger: Check; readonly kafka: Check };
  readonly owner: string;
  readonly site: string;
  readonly runningSteps: number;
}

export interface ExecutorHealthParts {
  readonly reader: LedgerReader;
  readonly metrics: Metrics;
  /** Absent without Kafka. */
  readonly consumer: (() => ConsumerHealth) | undefined;
  readonly owner: string;
  readonly site: string;
  readonly runningSteps: () => number;
  /** Brings gauges up to date that are read from the ledger's database. */
  readonly measure: () => Promise<void>;
}

const LEDGER_CHECK_MS = 2_000;

/** Without the ledger nothing can be claimed: unready. Without Kafka no new commands come: degraded. */
export class ExecutorHealth {
  private working = false;

  constructor(private readonly parts: ExecutorHealthParts) {}

  /** From here on it takes commands. */
  begin(): void {
    this.working = true;
  }

  stop(): void {
    this.working = false;
  }

  /** Before a scrape. Without the ledger the other metrics are told all the same. */
  async measureNow(): Promise<void> {
    await within(LEDGER_CHECK_MS, this.parts.measure(), silent).catch(() => undefined);
  }

  async check(): Promise<Readiness> {
    const { metrics, owner, site, runningSteps } = this.parts;
    const [ledger, kafka] = [await this.ledger(), this.kafka()];
    metrics.set('rehome_ledger_up', {}, ledger.status === 'up' ? 1 : 0);
    metrics.set('rehome_kafka_up', {}, kafka.status === 'up' ? 1 : 0);
    const whole = kafka.status === 'up' || kafka.status === 'off';
    const status = !this.working || ledger.status !== 'up' ? 'unready' : whole ? 'ready' : 'degraded';
    return { status, checks: { ledger, kafka }, owner, site, runningSteps: runningSteps() };
  }

  private async ledger(): Promise<Check> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<Check>((resolve) => {
      timer = setTimeout(() => {
        resolve({ status: 'down', detail: 'no answer' });
      }, LEDGER_CHECK_MS);
    });
    const asked = this.parts.reader.head().then(
      (): Check => ({ status: 'up' }),
      (error: unknown): Check => ({ status: 'down', detail: toRehomeError(error).code }),
    );
    const check = await Promise.race([asked, silence]);
    clearTimeout(timer);
    return check;
  }

  private kafka(): Check {
    const health = this.parts.consumer?.();
    if (health === undefined) return { status: 'off' };
    if (health.state === 'running') return { status: 'up' };
    return { status: health.state === 'starting' ? 'starting' : 'down', detail: health.state };
  }
}

function silent(): Error {
  return new RehomeError('LEDGER_UNAVAILABLE', 'the ledger gives no answer');
}
