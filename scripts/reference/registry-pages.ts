import { SETTINGS, type SettingEntry } from '#shared/configuration/settings.js';
import { ERROR_CODES } from '#shared/errors/error-codes.js';
import { METRICS } from '#shared/observability/metrics.js';

export interface ReferencePage {
  /** In `docs/reference`. */
  readonly file: string;
  readonly text: string;
}

const WRITTEN = '<!-- Written by `npm run reference` from the registry in the code; a test compares them. -->';

/** The pages that say exactly what a registry in the code says. */
export function registryPages(): readonly ReferencePage[] {
  return [errorsPage(), configurationPage(), metricsPage()];
}

function errorsPage(): ReferencePage {
  const rows = Object.entries(ERROR_CODES).map(([code, entry]) => [
    `\`${code}\``,
    entry.disposition,
    String(entry.status),
    entry.title,
  ]);
  return page('errors.md', 'Errors', [
    'Every failure has one of these codes: in `code` of a problem answer, in `failure.code` of an event, in the log. Texts',
    'may change, codes do not.',
    '',
    '- **reject**: the request is answered with it.',
    '- **retry**: the step is tried again with back-off, within its deadline.',
    '- **abandon**: the step has failed; what was done is taken back.',
    '- **halt**: nobody may guess; a person decides.',
    '',
    ...table(['code', 'then', 'HTTP', 'meaning'], rows),
  ]);
}

function configurationPage(): ReferencePage {
  const entries: readonly SettingEntry[] = Object.values(SETTINGS);
  const rows = entries.map((entry) => [
    `\`${entry.name}\``,
    entry.usedBy.join(', '),
    typeOf(entry),
    defaultOf(entry),
    [entry.description, ...notesOf(entry)].join('. '),
  ]);
  return page('configuration.md', 'Configuration', [
    'Environment variables, read once at the start. Whatever is wrong is said at once, and the process ends.',
    '',
    ...table(['variable', 'read by', 'type', 'default', 'meaning'], rows),
  ]);
}

function metricsPage(): ReferencePage {
  const rows = Object.entries(METRICS).map(([name, entry]) => [
    `\`${name}\``,
    entry.type,
    entry.labels.map((label) => `\`${label}\``).join(', '),
    entry.help,
  ]);
  return page('metrics.md', 'Metrics', [
    '`GET /metrics` of both services, in the text format of Prometheus, besides those of the Node.js process. No label',
    'holds an id.',
    '',
    ...table(['metric', 'type', 'labels', 'meaning'], rows),
  ]);
}

function typeOf(entry: SettingEntry): string {
  if (entry.choices !== undefined) return entry.choices.map((choice) => `\`${choice}\``).join(' ');
  return entry.unit === undefined ? entry.type : `${entry.type}, ${entry.unit}`;
}

function defaultOf(entry: SettingEntry): string {
  if (entry.default === undefined) return entry.optional === true ? 'none' : '**required**';
  return entry.default === '' ? 'empty' : `\`${entry.default}\``;
}

function notesOf(entry: SettingEntry): string[] {
  return [
    ...(entry.secret === true ? ['Never shown'] : []),
    ...(entry.forTests === true ? ['For tests: refused in production'] : []),
  ];
}

function page(file: string, title: string, lines: readonly string[]): ReferencePage {
  return { file, text: [`# ${title}`, '', WRITTEN, '', ...lines, ''].join('\n') };
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
