import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

type MetricType = 'counter' | 'gauge' | 'histogram';

interface MetricEntry {
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const FAST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const DOWNTIME_SECONDS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600];
const MIGRATION_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600];
const STEP_SECONDS = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400];

/** Closed list; `docs/reference/metrics.md` and this list are held together by a test. */
export const METRICS = {
  // both services
  rehome_ledger_append_seconds: {
    type: 'histogram',
    help: 'Time of one flush of the append batcher',
    labels: [],
    buckets: FAST_SECONDS,
  },
  rehome_ledger_append_items: {
    type: 'histogram',
    help: 'Items in one flush',
    labels: [],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  },
  rehome_ledger_append_answers_total: { type: 'counter', help: 'Answers to append items', labels: ['outcome'] },
  rehome_ledger_up: { type: 'gauge', help: '1 when the last call to the ledger was answered', labels: [] },
  rehome_kafka_up: { type: 'gauge', help: '1 when the last contact with Kafka succeeded', labels: [] },
  rehome_messages_total: { type: 'counter', help: 'Kafka records handled', labels: ['topic', 'outcome'] },
  rehome_dead_letters_total: {
    type: 'counter',
    help: 'Kafka records put aside as unreadable',
    labels: ['topic', 'reason'],
  },
  rehome_cursor_lag_positions: {
    type: 'gauge',
    help: 'Positions a leased reader is behind the head',
    labels: ['cursor'],
  },
  rehome_cursor_lag_seconds: {
    type: 'gauge',
    help: 'Age of the oldest event that a leased reader has not passed; 0 at the head',
    labels: ['cursor'],
  },
  rehome_relay_published_total: { type: 'counter', help: 'Records the relay sent', labels: ['topic'] },
  rehome_http_request_seconds: {
    type: 'histogram',
    help: 'Time of HTTP requests',
    labels: ['method', 'route', 'status'],
    buckets: FAST_SECONDS,
  },
  // planner
  rehome_requests_total: { type: 'counter', help: 'Requests for migrations', labels: ['kind', 'via', 'outcome'] },
  rehome_migrations_total: { type: 'counter', help: 'Migrations that reached a status', labels: ['kind', 'status'] },
  rehome_migrations_open: {
    type: 'gauge',
    help: 'Migrations that are not over, by status now',
    labels: ['kind', 'status'],
  },
  rehome_migrations_waiting_seconds: {
    type: 'gauge',
    help: 'How long ago anything happened to the quietest migration of a status',
    labels: ['status'],
  },
  rehome_downtime_seconds: {
    type: 'histogram',
    help: 'Time without the application of a migration that ended',
    labels: ['kind', 'status'],
    buckets: DOWNTIME_SECONDS,
  },
  rehome_process_manager_reactions_total: {
    type: 'counter',
    help: 'Decisions of the process manager that appended events',
    labels: [],
  },
  // executor
  rehome_commands_total: { type: 'counter', help: 'Commands received', labels: ['outcome'] },
  rehome_refused_commands_total: {
    type: 'counter',
    help: 'Commands refused because the planner did not sign them',
    labels: ['reason'],
  },
  rehome_step_attempts_total: {
    type: 'counter',
    help: 'Attempts of steps by how they ended',
    labels: ['kind', 'direction', 'outcome'],
  },
  rehome_step_seconds: {
    type: 'histogram',
    help: 'Time of one attempt',
    labels: ['kind', 'direction'],
    buckets: STEP_SECONDS,
  },
  rehome_steps_running: { type: 'gauge', help: 'Attempts running here now', labels: ['kind'] },
  rehome_leases_lost_total: { type: 'counter', help: 'Attempts that lost their lease', labels: [] },
  rehome_stale_fences_total: { type: 'counter', help: 'Writes refused because of an old fence', labels: [] },
  rehome_swept_commands_total: {
    type: 'counter',
    help: 'Commands found in the ledger that Kafka never brought',
    labels: [],
  },
  rehome_project_migrations_total: {
    type: 'counter',
    help: 'Versioned migrations that this executor ran on a schema of a database, by how they ended',
    labels: ['project', 'database', 'outcome'],
  },
  rehome_project_migration_seconds: {
    type: 'histogram',
    help: 'Time of one versioned migration on one schema',
    labels: ['project', 'database'],
    buckets: MIGRATION_SECONDS,
  },
  rehome_project_healthy: {
    type: 'gauge',
    help: '1 when the last look at the database found nothing wrong',
    labels: ['project', 'database'],
  },
  rehome_project_pending: {
    type: 'gauge',
    help: 'Versioned migrations that were pending at the last look',
    labels: ['project', 'database'],
  },
  rehome_project_failed: {
    type: 'gauge',
    help: 'Versioned migrations that stood as failed at the last look',
    labels: ['project', 'database'],
  },
  rehome_project_drift: {
    type: 'gauge',
    help: 'Differences between what migrations made and what stood there at the last look',
    labels: ['project', 'database'],
  },
  rehome_project_unseen_seconds: {
    type: 'gauge',
    help: 'Time since the last look at the database',
    labels: ['project', 'database'],
  },
  rehome_project_check_seconds: {
    type: 'histogram',
    help: 'Time of one look at one database',
    labels: ['project', 'database'],
    buckets: FAST_SECONDS,
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;

export type MetricName = keyof typeof METRICS;
type NamesOf<T extends MetricType> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];
type LabelsOf<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;

/** The metrics of one process; a registry of its own, so that tests may hold several. */
export class Metrics {
  readonly registry = new Registry();
  private readonly counters = new Map<string, Counter>();
  private readonly gauges = new Map<string, Gauge>();
  private readonly histograms = new Map<string, Histogram>();

  constructor(options: { readonly processMetrics?: boolean } = {}) {
    const entries: [string, MetricEntry][] = Object.entries(METRICS);
    for (const [name, entry] of entries) this.register(name, entry);
    if (options.processMetrics === true) collectDefaultMetrics({ register: this.registry });
  }

  /** Adds to a counter, 1 when silent. */
  count<N extends NamesOf<'counter'>>(name: N, labels: LabelsOf<N>, by = 1): void {
    this.counters.get(name)?.inc({ ...labels }, by);
  }

  set<N extends NamesOf<'gauge'>>(name: N, labels: LabelsOf<N>, value: number): void {
    this.gauges.get(name)?.set({ ...labels }, value);
  }

  /** All that a gauge holds: what is not named is gone, as a status that no migration has any more. */
  setAll<N extends NamesOf<'gauge'>>(name: N, values: readonly (readonly [LabelsOf<N>, number])[]): void {
    this.gauges.get(name)?.reset();
    for (const [labels, value] of values) this.set(name, labels, value);
  }

  observe<N extends NamesOf<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void {
    this.histograms.get(name)?.observe({ ...labels }, value);
  }

  /** Prometheus text format; its media type is `registry.contentType`. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  private register(name: string, entry: MetricEntry): void {
    const common = { name, help: entry.help, labelNames: [...entry.labels], registers: [this.registry] };
    if (entry.type === 'counter') this.counters.set(name, new Counter(common));
    else if (entry.type === 'gauge') this.gauges.set(name, new Gauge(common));
    else this.histograms.set(name, new Histogram({ ...common, buckets: [...(entry.buckets ?? FAST_SECONDS)] }));
  }
}
