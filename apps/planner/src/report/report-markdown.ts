import type { MigrationReport } from '#shared/contracts/report.js';
import {
  headFacts,
  instant,
  ledgerFacts,
  resultParts,
  stepDuration,
  type Fact,
  type ResultPart,
} from './report-facts.js';

/** The report as Markdown, for tickets and mails. */
export function reportMarkdown(report: MigrationReport): string {
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['', factTable(headFacts(report))],
    ['Why', report.reasons.map(({ code, detail }) => `- **${code}**: ${plain(detail)}`)],
    ['Left behind', report.leftovers.map(({ stepId, failure }) => `- ${plain(stepId)}: ${plain(failure.detail)}`)],
    ['Warnings', report.warnings.map((warning) => `- ${plain(warning)}`)],
    ['Steps', steps(report)],
    ['Checks', checks(report)],
    ...resultParts(report.result).map((part) => [`Result: ${plain(part.title)}`, resultLines(part)] as const),
    ['What happened', entries(report)],
    ['Ledger', factTable(ledgerFacts(report))],
  ];
  const body = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [...(title === '' ? [] : [`## ${title}`, '']), ...lines].join('\n'));
  return [`# ${plain(report.title)}: ${report.status}`, ...body].join('\n\n') + '\n';
}

function steps(report: MigrationReport): string[] {
  return table(
    ['#', 'step', 'phase', 'status', 'attempt', 'time', 'what'],
    report.steps.map((step, at) => [
      String(at + 1),
      step.id,
      step.down ? `${step.phase} (down)` : step.phase,
      step.status,
      String(step.attempt),
      stepDuration(step),
      step.error === null ? step.title : `${step.title}: ${step.error.detail}`,
    ]),
  );
}

function resultLines({ facts, checklist }: ResultPart): string[] {
  const items = checklist.map(
    ({ passed, item, evidence }) => `- ${passed ? 'passed' : '**not passed**'}: ${plain(item)} (${plain(evidence)})`,
  );
  return [...items, ...(items.length === 0 ? [] : ['']), ...factTable(facts)];
}

function checks({ checks: all }: MigrationReport): string[] {
  return table(
    ['check', 'passed', 'found', 'remedy'],
    all.map(({ name, passed, found, remedy }) => [name, passed ? 'yes' : 'no', found, remedy ?? '']),
  );
}

function entries(report: MigrationReport): string[] {
  return table(
    ['position', 'when', 'event', 'what', 'who'],
    report.entries.map(({ position, at, type, text, actor }) => [position, instant(at), type, text, actor]),
  );
}

function factTable(facts: readonly Fact[]): string[] {
  return table(['', ''], facts);
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map((row) => line(row.map(plain)))];
}

/** Nothing in a text may become markup, end a cell or a line. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>|#&]/g, '\\$&').replaceAll(/\s+/g, ' ');
}
