import { seconds } from '../../apps/cli/src/rendering/amounts.js';
import { borderless } from '../../apps/cli/src/rendering/table.js';
import type { QuickstartReport } from './report.js';
import type { Certificate } from './migration-body.js';

/** The certificate as people read it: before and after, what was verified, the downtime, each item with its evidence. */
export function certificateText(certificate: Certificate, report: QuickstartReport): string {
  return [
    '',
    'Certificate',
    facts(certificate, report),
    '',
    'Checklist',
    checklist(certificate),
    '',
    `Plan   sha256:${certificate.planHash}`,
    `Ledger ${String(report.ledger.events)} events, chain verified, head ${report.ledger.headHash}`,
    `Kafka  ${String(report.kafka.events)} events read back from every partition, ${String(report.kafka.gaps)} gaps`,
  ].join('\n');
}

function facts(certificate: Certificate, report: QuickstartReport): string {
  const { before, after, verification } = certificate;
  return indented([
    ['before', `${before.dbServerId} at ${before.host}:${String(before.port)}, role ${before.user}`],
    [
      'after',
      after === null ? 'unknown' : `${after.dbServerId} at ${after.host}:${String(after.port)}, role ${after.user}`,
    ],
    [
      'verified',
      `${String(verification.tables)} tables, ${Number(verification.rows).toLocaleString('en')} rows, ${String(verification.sequences)} sequences, ` +
        `${String(verification.largeObjects)} large objects: ${String(verification.mismatches)} mismatches`,
    ],
    ['downtime', `${seconds(certificate.downtimeMs)}  (by runbook it usually takes 5 to 15 minutes)`],
    ['connections', `old ${String(certificate.connections.old)}, new ${String(certificate.connections.new)}`],
    [
      'neighbour',
      `${String(report.neighbour.writes)} writes on the shared server meanwhile, ${String(report.neighbour.errors)} errors`,
    ],
  ]);
}

function checklist(certificate: Certificate): string {
  return certificate.checklist
    .map(({ passed, item, evidence }) => ` ${passed ? '✓' : '✗'} ${item}\n     ${evidence}`)
    .join('\n');
}

function indented(rows: readonly string[][]): string {
  return borderless(rows).replaceAll(/^/gm, ' ');
}
