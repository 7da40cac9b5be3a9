import { describe, expect, it } from '@jest/globals';
import { parseMigrationRequest } from '#shared/contracts/requests/migration.request.js';
import { buildProgram } from '../program.js';
import { KINDS } from '../tree/kinds.js';
import { readRequest } from './read-request.js';

const ID = '7d9f0a52-1111-4222-8333-444455556667';

/** A line as people type it, for each kind. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  upgrade: ['--instance', ID, '--to-plan', 'premium'],
  relocate: ['--source', 'pool-2/odoo_acme', '--target', 'pg18/a/b', '--owner', 'acme', '--mode', 'offline'],
  return: ['--migration', ID, '--data', 'current'],
  retire: ['--migration', ID, '--backup', ID],
  restore: ['--latest-tier', 'daily', '--latest-of', 'main/core', '--target', 'main/core_restored', '--schema', 'a'],
  backup: ['--database', 'main/core', '--tier', 'daily', '--schema', 'a', '--schema', 'b', '--compress', 'zstd'],
};

/** What commander makes of a line, and what becomes of that. */
async function requestOf(kind: string, ...line: readonly string[]): Promise<Record<string, unknown>> {
  let options: Readonly<Record<string, unknown>> = {};
  const program = buildProgram((invocation) => {
    ({ options } = invocation);
    return Promise.resolve();
  });
  await program.parseAsync(['submit', kind, ...line], { from: 'user' });
  return readRequest(kind, options);
}

describe('the flags of a kind', () => {
  it.each(KINDS.map(({ kind }) => kind))('make a request that the planner takes: %s', async (kind) => {
    const parsed = parseMigrationRequest(await requestOf(kind, ...(LINES[kind] ?? [])));
    expect(parsed).toMatchObject({ ok: true, request: { kind } });
  });

  it('split a place at its first slash and gather what is repeated', async () => {
    expect(await requestOf('relocate', ...(LINES['relocate'] ?? []))).toMatchObject({
      source: { server: 'pool-2', database: 'odoo_acme' },
      target: { server: 'pg18', database: 'a/b', owner: 'acme' },
    });
    expect(await requestOf('backup', ...(LINES['backup'] ?? []))).toMatchObject({ schemas: ['a', 'b'] });
    await expect(requestOf('backup', '--database', 'core')).rejects.toThrow(/give SERVER\/DATABASE, not "core"/);
  });

  it('carry what every kind takes in its options', async () => {
    const more = ['--max-downtime', '1.5', '--on-busy', 'queue', '--labels', 'team=erp', '--labels', 'note=a=b'];
    expect((await requestOf('upgrade', ...(LINES['upgrade'] ?? []), ...more))['options']).toEqual({
      maxDowntimeMs: 1500,
      onBusy: 'queue',
      labels: { team: 'erp', note: 'a=b' },
    });
  });
});
