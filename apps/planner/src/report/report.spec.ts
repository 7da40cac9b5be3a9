import { describe, expect, it } from '@jest/globals';
import type { MigrationReport } from '#shared/contracts/report.js';
import { BROKEN, History } from '../migration/history-test-kit.js';
import { reportHtml } from './report-html.js';
import { reportMarkdown } from './report-markdown.js';
import { reportOf, reportOfStep } from './report.js';

const HOSTILE = `<script>alert(1)</script> | "quoted" & 'more'\n# not a title`;

function refused(detail: string): MigrationReport {
  const history = History.requested(undefined, { title: detail });
  history.advance();
  history.fails('inspect', { ...BROKEN, detail }).settle();
  return reportOf('m', history.events);
}

describe('the report of a migration', () => {
  it('tells every event in order as a sentence, with its place in the ledger', () => {
    const report = refused('permission denied');
    expect(report.status).toBe('refused');
    expect(report.entries.map(({ type }) => type)).toEqual([
      'MigrationRequested',
      'StepCommanded',
      ...report.entries.slice(2, -1).map(({ type }) => type),
      'PlanRefused',
    ]);
    expect(report.entries.at(-1)?.text).toBe('There is no plan: permission denied');
    expect(report.ledger).toMatchObject({ firstPosition: '1', lastPosition: String(report.entries.length) });
  });

  it('is about one step when it is asked to, and names the steps when there is no such one', () => {
    const report = refused('permission denied');
    const { entries } = reportOfStep(report, 'inspect');
    expect(new Set(entries.map(({ stepId }) => stepId))).toEqual(new Set(['inspect']));
    expect(() => reportOfStep(report, 'dance')).toThrow(/has no step "dance"; it has: inspect/);
    expect(() => reportOf('nowhere', [])).toThrow(/there is no migration nowhere/);
  });

  it('tells what is said in a word together, and each object of the result apart', () => {
    const result = { rehearsal: true, measuredMs: 815, leftovers: [], compared: { tables: 6, mismatches: 0 } };
    const text = reportMarkdown({ ...refused('permission denied'), result });
    expect(text.match(/^## Result: .*$/gm)).toEqual(['## Result: in short', '## Result: compared']);
    expect(text).toMatch(/rehearsal \| true[\s\S]*measuredMs \| 815[\s\S]*leftovers \| none[\s\S]*tables \| 6/);
  });

  it('lets no text of others become part of the page', () => {
    const page = reportHtml(refused(HOSTILE));
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; | &quot;quoted&quot; &amp; &#39;more&#39;');
  });

  it('lets no text of others become Markdown', () => {
    const lines = reportMarkdown(refused(HOSTILE)).split('\n');
    expect(lines.filter((line) => line.startsWith('# '))).toHaveLength(1);
    expect(lines[0]).toContain('\\<script\\>alert(1)\\</script\\> \\| "quoted" \\& \'more\' \\# not a title: refused');
  });
});
