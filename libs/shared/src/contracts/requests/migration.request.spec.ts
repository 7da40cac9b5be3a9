import { describe, expect, it } from '@jest/globals';
import { MIGRATION_REQUESTS, parseMigrationRequest, requestJson } from './migration.request.js';

const upgrade = { kind: 'upgrade', instanceId: '46784872-5F3A-4C1E-9A51-0D6A2B1C9E10', toPlan: 'premium' };

function refusal(body: unknown): { code: string; pointers: string[] } {
  const parsed = parseMigrationRequest(body);
  if (parsed.ok) throw new Error('was accepted');
  return { code: parsed.code, pointers: parsed.problems.map((problem) => problem.pointer) };
}

describe('a request for a migration', () => {
  it('is taken with its options, its UUID in lower case, as plain JSON', () => {
    const options = {
      approval: 'required',
      runAt: '2026-11-21T01:02:03Z',
      maxDowntimeMs: 60_000,
      onBusy: 'refuse',
      labels: { team: 'erp' },
    };
    const parsed = parseMigrationRequest({ ...upgrade, options });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    expect(requestJson(parsed.request)).toStrictEqual({
      ...upgrade,
      instanceId: upgrade.instanceId.toLowerCase(),
      options,
    });
  });

  it.each([
    ['an unknown field', { ...upgrade, toPlann: 'x' }, '/toPlann'],
    ['an unknown option', { ...upgrade, options: { aproval: 'auto' } }, '/options/aproval'],
    ['a missing field', { kind: 'upgrade', toPlan: 'premium' }, '/instanceId'],
    ['a field of another type', { ...upgrade, toPlan: 7 }, '/toPlan'],
    ['an empty text', { ...upgrade, toPlan: '' }, '/toPlan'],
    ['a control character', { ...upgrade, toPlan: 'pre\nmium' }, '/toPlan'],
    ['U+0000', { ...upgrade, toPlan: 'pre\u0000mium' }, '/toPlan'],
    ['half a surrogate pair', { ...upgrade, options: { labels: { a: '\ud800' } } }, '/options/labels/a'],
    ['a time without offset', { ...upgrade, options: { runAt: '2026-11-21T01:02:03' } }, '/options/runAt'],
    ['a time that does not exist', { ...upgrade, options: { runAt: '2026-13-41T01:02:03Z' } }, '/options/runAt'],
    ['a negative downtime', { ...upgrade, options: { maxDowntimeMs: -1 } }, '/options/maxDowntimeMs'],
    ['options that are a list', { ...upgrade, options: [] }, '/options'],
    ['labels that are not texts', { ...upgrade, options: { labels: { a: 1 } } }, '/options/labels'],
    ['no kind', { instanceId: 'x', toPlan: 'y' }, '/kind'],
    ['a kind that is not a text', { ...upgrade, kind: 5 }, '/kind'],
    ['a list', [upgrade], ''],
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['a text', 'upgrade', ''],
  ])('is refused with %s, by pointer', (_what, body, pointer) => {
    expect(refusal(body)).toEqual({ code: 'REQUEST_INVALID', pointers: [pointer] });
  });

  it('is refused with every problem at once', () => {
    const { pointers } = refusal({
      kind: 'upgrade',
      instanceId: '../etc',
      toPlan: [],
      options: { rehearse: 'yes' },
      a: 1,
      'b/c~d': 2,
    });
    expect(pointers.sort()).toEqual(['/a', '/b~1c~0d', '/instanceId', '/options/rehearse', '/toPlan']);
  });

  it('is refused when its kind has no recipe, naming the known ones', () => {
    expect(refusal({ kind: 'teleport' })).toEqual({ code: 'KIND_UNKNOWN', pointers: ['/kind'] });
    expect(refusal({ kind: 'constructor' }).code).toBe('KIND_UNKNOWN');
    expect(parseMigrationRequest({ kind: 'teleport' })).toMatchObject({
      problems: [{ message: `no recipe for "teleport"; known: ${Object.keys(MIGRATION_REQUESTS).join(', ')}` }],
    });
  });

  it('of a restore takes latest or file in the place of the id, or beside it', () => {
    const target = { server: 'main', database: 'core_db_restored' };
    for (const way of [{ latest: { tier: 'daily' } }, { file: '/srv/dumps/core_db.dump' }]) {
      const [within, beside] = [{ backupId: way }, way].map((choice) =>
        parseMigrationRequest({ kind: 'restore', ...choice, target }),
      );
      if (within?.ok !== true || beside?.ok !== true) throw new Error('was refused');
      expect(requestJson(within.request)).toStrictEqual(requestJson(beside.request));
      expect(requestJson(within.request)).toStrictEqual({ kind: 'restore', ...way, target });
    }
  });

  it.each([
    [{ newest: {} }, '/backupId'],
    [{ latest: {}, file: '/x' }, '/backupId'],
    [{ latest: { tear: 'daily' } }, '/backupId/latest/tear'],
    [{ file: 7 }, '/backupId/file'],
    [{ target: {} }, '/backupId'],
    [[], '/backupId'],
  ])('of a restore is refused with %j in the place of the id, by pointer', (backupId, pointer) => {
    const body = { kind: 'restore', backupId, target: { server: 'main', database: 'core_db_restored' } };
    expect(refusal(body)).toEqual({ code: 'REQUEST_INVALID', pointers: [pointer] });
  });

  it('is refused when an option is not carried out for its kind, instead of ignoring it', () => {
    const promotion = { kind: 'promote-backup', backupId: '0193a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b', tier: 'weekly' };
    expect(refusal({ ...promotion, options: { rehearse: true } })).toEqual({
      code: 'OPTION_UNSUPPORTED',
      pointers: ['/options/rehearse'],
    });
    const backup = { kind: 'backup', database: { server: 'pool-2', database: 'odoo_acme' } };
    for (const request of [upgrade, backup, { kind: 'apply', project: 'epsm' }])
      expect(parseMigrationRequest({ ...request, options: { rehearse: true } }).ok).toBe(true);
  });

  it('may limit the downtime of every kind: what is no move has none', () => {
    const backup = { kind: 'backup', database: { server: 'pool-2', database: 'odoo_acme' } };
    for (const request of [backup, upgrade])
      expect(parseMigrationRequest({ ...request, options: { maxDowntimeMs: 60_000 } }).ok).toBe(true);
  });

  it('cannot smuggle a prototype or nest without end', () => {
    expect(refusal(JSON.parse('{"kind":"upgrade","__proto__":{"toPlan":"x"}}')).pointers).toEqual(['/__proto__']);
    let deep: unknown = 'end';
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(refusal({ ...upgrade, options: deep }).pointers[0]).toMatch(/^\/options(\/0){31}$/);
  });
});
