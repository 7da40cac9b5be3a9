import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { METRICS } from '#shared/observability/metrics.js';
import { anchorOf, readPage } from './markdown-page.js';

const ALERTS = 'deploy/prometheus/alerts.yaml';
const PLAYED = 'deploy/prometheus/alerts.test.yaml';
const DASHBOARD = 'deploy/grafana/rehome-dashboard.json';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity?: string };
  readonly annotations: Readonly<Partial<Record<'summary' | 'description' | 'runbook', string>>>;
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly refId: string; readonly expr: string }[];
}

const { groups } = parse(readFileSync(ALERTS, 'utf8')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const { panels, ...dashboard } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
  title: string;
  uid: string;
  schemaVersion: number;
  panels: Panel[];
};

/** Names of the series of every metric: a histogram has three. */
const SERIES = new Map<string, readonly string[]>(
  Object.entries(METRICS).flatMap(([name, { type, labels }]): [string, readonly string[]][] =>
    type === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((end) => [`${name}${end}`, [...labels, 'le']])
      : [[name, labels]],
  ),
);
/** What Prometheus itself adds. */
const TARGET_LABELS = ['job', 'instance'];

/** Metrics and labels that an expression names and nobody exposes. */
function unknownIn(expression: string): string[] {
  const names = [...expression.matchAll(/\brehome_[a-z_]+/g)].map(([name]) => name);
  const labelsOfAll = names.flatMap((name) => SERIES.get(name) ?? []);
  const used = [...expression.matchAll(/\{([^}]*)\}|\bby \(([^)]*)\)/g)].flatMap(([, selected = '', grouped = '']) => [
    ...[...selected.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
    ...grouped.split(',').map((label) => label.trim()),
  ]);
  return [
    ...names.filter((name) => !SERIES.has(name)),
    ...used.filter((label) => label !== '' && ![...labelsOfAll, ...TARGET_LABELS].includes(label)),
  ];
}

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

describe(ALERTS, () => {
  it('asks only for metrics and labels that the services expose', () => {
    expect(alerts.length).toBeGreaterThan(10);
    expect(alerts.flatMap(({ alert, expr }) => unknownIn(expr).map((name) => `${alert}: ${name}`))).toEqual([]);
  });

  it('says of each alert what it means, how bad it is, and what to do', () => {
    const headings = readPage('docs/operations.md').headings.map(anchorOf);
    for (const { alert, labels, annotations } of alerts) {
      expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(critical|warning|info)$/)]);
      expect([alert, annotations.summary, annotations.description]).toEqual([
        alert,
        expect.stringMatching(/^\S.{10,}/),
        expect.stringMatching(/^\S.{10,}\.$/),
      ]);
      const [page, anchor] = (annotations.runbook ?? '').split('#');
      expect([alert, page]).toEqual([alert, 'docs/operations.md']);
      expect(headings).toContain(anchor);
      expect(anchor).toBe(`alert-${alert.toLowerCase()}`);
    }
    const told = headings.filter((heading) => heading.startsWith('alert-'));
    expect(told.sort()).toEqual(alerts.map(({ alert }) => `alert-${alert.toLowerCase()}`).sort());
  });

  it('tells of the first event, too, where one is enough: a labelled counter begins at it', () => {
    const asked = alerts.flatMap(({ alert, expr }) =>
      [...expr.matchAll(/increase\((rehome_[a-z_]+(?:\{[^}]*\})?)\[(\w+)\]\)+ > 0/g)].map(
        ([, series = '', span = '']) => {
          const appears = `(${series} unless ${series} offset ${span})`;
          return { alert, tells: expr.includes(`increase(${series}[${span}]) > 0 or ${appears}`) };
        },
      ),
    );
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.filter(({ tells }) => !tells)).toEqual([]);
  });

  (hasPromtool ? it : it.skip)('tells of what promtool plays, when it must and no longer', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', PLAYED], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: expect.stringContaining('SUCCESS') });
  });

  it('wakes somebody for failures, what is pending or drifted, and what nobody has seen [d29]', () => {
    const asked = (name: string): boolean => alerts.some(({ expr }) => expr.includes(name));
    const series = ['healthy', 'pending', 'failed', 'drift', 'unseen_seconds'].map((name) => `rehome_project_${name}`);
    expect([...series, 'rehome_project_migrations_total'].filter((name) => !asked(name))).toEqual([]);
  });

  (hasPromtool ? it : it.skip)('is taken by promtool', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', ALERTS], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`${String(alerts.length)} rules found`);
  });
});

describe(DASHBOARD, () => {
  it('asks only for metrics and labels that the services expose', () => {
    const unknown = panels.flatMap(({ title, targets }) =>
      targets.flatMap(({ expr }) => unknownIn(expr).map((name) => `${title}: ${name}`)),
    );
    expect(unknown).toEqual([]);
  });

  it('is a dashboard: named, with panels that have a title, a question and a place of their own', () => {
    expect(dashboard).toMatchObject({ title: 'Rehome', uid: 'rehome', schemaVersion: expect.any(Number) });
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${String(x + (n % w))},${String(y + Math.floor(n / w))}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { title, type, gridPos, targets } of panels) {
      expect([title, ['timeseries', 'stat'].includes(type)]).toEqual([title, true]);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });

  it('shows every metric but those that are parts of others', () => {
    const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join(' ');
    const elsewhere = [
      'rehome_ledger_append_items',
      'rehome_ledger_append_answers_total',
      'rehome_cursor_lag_positions',
      'rehome_process_manager_reactions_total',
    ];
    const missing = Object.keys(METRICS).filter((name) => !shown.includes(name) && !elsewhere.includes(name));
    expect(missing).toEqual([]);
  });

  (hasPromtool ? it : it.skip)('asks what promtool can read', () => {
    const rules = panels.flatMap(({ id, targets }) =>
      targets.map(({ refId, expr }) => ({ record: `panel:p${String(id)}:${refId.toLowerCase()}`, expr })),
    );
    const folder = mkdtempSync(join(tmpdir(), 'rehome-panels-'));
    const file = join(folder, 'panels.yaml');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect({ status, stderr, stdout }).toMatchObject({ status: 0, stderr: '' });
  });
});
