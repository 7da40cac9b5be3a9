import { describe, expect, it } from '@jest/globals';
import { METRICS, Metrics } from './metrics.js';

describe('metrics', () => {
  it('names every registered metric in the text, counters and histograms with their labels', async () => {
    const metrics = new Metrics();
    metrics.count('rehome_requests_total', { kind: 'upgrade', via: 'rest', outcome: 'accepted' });
    metrics.observe('rehome_http_request_seconds', { method: 'GET', route: '/v1/migrations', status: '200' }, 0.02);
    metrics.set('rehome_ledger_up', {}, 1);
    const text = await metrics.text();
    for (const name of Object.keys(METRICS)) expect(text).toContain(`# TYPE ${name} `);
    expect(text).toContain('rehome_requests_total{kind="upgrade",via="rest",outcome="accepted"} 1');
    expect(text).toContain('rehome_ledger_up 1');
  });

  it('forgets what a gauge held when all of it is set anew', async () => {
    const metrics = new Metrics();
    metrics.setAll('rehome_migrations_open', [[{ kind: 'upgrade', status: 'halted' }, 1]]);
    metrics.setAll('rehome_migrations_open', [[{ kind: 'upgrade', status: 'migrating' }, 2]]);
    const text = await metrics.text();
    expect(text).toContain('rehome_migrations_open{kind="upgrade",status="migrating"} 2');
    expect(text).not.toContain('status="halted"');
  });

  it('keeps the metrics of two processes apart', async () => {
    const [one, two] = [new Metrics(), new Metrics()];
    one.count('rehome_leases_lost_total', {});
    expect(await two.text()).toContain('rehome_leases_lost_total 0');
  });
});
