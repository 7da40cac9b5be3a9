import type { LedgerPools } from '#shared/database/pools.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { measureCursorLag } from './cursor-lag.js';
import { measureOpenMigrations } from './open-migrations.js';

export interface Check {
  readonly status: 'up' | 'down' | 'off' | 'starting';
  readonly detail?: string;
}

export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'unready';
  readonly checks: Readonly<Record<string, Check>>;
}

/** Something of the planner that tells how it is. */
export interface Reporter {
  /** Without it the planner takes no requests; otherwise it is only degraded. */
  readonly essential: boolean;
  check(): Check | Promise<Check>;
}

const LEDGER_CHECK_MS = 2_000;

/** The planner's readiness: the ledger decides, everything else only degrades it. */
export class PlannerHealth {
  private stopping = false;

  constructor(
    private readonly reporters: Readonly<Record<string, Reporter>>,
    private readonly parts: { readonly metrics: Metrics; readonly pools: Pick<LedgerPools, 'reads'> },
  ) {}

  /** From now on unready: orchestrators stop sending requests while those in hand are answered. */
  stop(): void {
    this.stopping = true;
  }

  async check(): Promise<Readiness> {
    const entries = await Promise.all(
      Object.entries(this.reporters).map(async ([name, reporter]) => ({
        name,
        reporter,
        check: await reporter.check(),
      })),
    );
    const isUp = ({ check }: { check: Check }): boolean => check.status === 'up' || check.status === 'off';
    const unready = this.stopping || entries.some((entry) => entry.reporter.essential && !isUp(entry));
    for (const { name, check } of entries) this.measure(name, check);
    return {
      status: unready ? 'unready' : entries.every(isUp) ? 'ready' : 'degraded',
      checks: Object.fromEntries(entries.map(({ name, check }) => [name, check])),
    };
  }

  /** Brings the gauges up to date, for a scrape; those of a ledger that is away stay as they were. */
  async measureNow(): Promise<void> {
    const { pools, metrics } = this.parts;
    const { checks } = await this.check();
    if (checks['ledger']?.status !== 'up') return;
    await Promise.allSettled([measureCursorLag(pools.reads, metrics), measureOpenMigrations(pools.reads, metrics)]);
  }

  private measure(name: string, check: Check): void {
    if (name === 'ledger') this.parts.metrics.set('rehome_ledger_up', {}, check.status === 'up' ? 1 : 0);
    if (name === 'kafka') this.parts.metrics.set('rehome_kafka_up', {}, check.status === 'up' ? 1 : 0);
  }
}

/** Asks the ledger for its head; silence counts as down. */
export function ledgerReporter(reader: LedgerReader): Reporter {
  return {
    essential: true,
    check: async () => {
      let timer: NodeJS.Timeout | undefined;
      const silence = new Promise<Check>((resolve) => {
        timer = setTimeout(() => {
          resolve({ status: 'down', detail: 'no answer' });
        }, LEDGER_CHECK_MS);
      });
      const asked = reader
        .head()
        .then(headCheck, (error: unknown): Check => ({ status: 'down', detail: toRehomeError(error).code }));
      const check = await Promise.race([asked, silence]);
      clearTimeout(timer);
      return check;
    },
  };
}

function headCheck(head: { readonly heldBecause?: string }): Check {
  return head.heldBecause === undefined
    ? { status: 'up' }
    : { status: 'down', detail: `takes no appends: ${head.heldBecause}` };
}
