/** The last line of `npm run quickstart -- --json`; its shape is promised to programs. */
export interface QuickstartReport {
  readonly status: string;
  readonly migrationId: string;
  readonly downtimeMs: number;
  readonly steps: readonly { readonly id: string; readonly status: string; readonly durationMs: number }[];
  readonly verification: { readonly tables: number; readonly rows: number; readonly mismatches: number };
  readonly connections: { readonly old: number; readonly new: number };
  readonly neighbour: { readonly writes: number; readonly errors: number };
  readonly ledger: { readonly events: number; readonly verified: boolean; readonly headHash: string };
  readonly kafka: { readonly events: number; readonly gaps: number };
  /** What did not hold; empty when the quickstart succeeded. */
  readonly failures: readonly string[];
}

/** Everything that must hold for exit 0, each as a sentence when it does not. */
export function failuresOf(report: Omit<QuickstartReport, 'failures'>): string[] {
  const rules: readonly (readonly [boolean, string])[] = [
    [report.status === 'completed', `the migration ended as ${report.status}, not completed`],
    [report.verification.tables > 0 && report.verification.rows > 0, 'verification compared nothing'],
    [
      report.verification.mismatches === 0,
      `${String(report.verification.mismatches)} objects differ between source and copy`,
    ],
    [report.connections.old === 0, `${String(report.connections.old)} sessions still use the old server`],
    [report.connections.new > 0, 'no session uses the new server'],
    [report.neighbour.writes > 0, 'the neighbour did not write'],
    [report.neighbour.errors === 0, `the neighbour saw ${String(report.neighbour.errors)} errors`],
    [report.ledger.verified, 'the hash chain of the ledger is broken'],
    [report.kafka.gaps === 0, `${String(report.kafka.gaps)} events are missing in Kafka`],
    [
      report.kafka.events === report.ledger.events,
      `Kafka holds ${String(report.kafka.events)} events, the ledger ${String(report.ledger.events)}`,
    ],
  ];
  return rules.filter(([holds]) => !holds).map(([, sentence]) => sentence);
}
