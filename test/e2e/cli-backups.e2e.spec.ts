import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MigrationView } from '#shared/contracts/answers.js';
import { BackupWorld } from '../harness/backup-world.js';
import { CliRig } from '../harness/cli-rig.js';

/** Backups as people ask for them, of a real database. */
let world: BackupWorld;
let cli: CliRig;

beforeAll(async () => {
  world = await BackupWorld.start();
  cli = new CliRig({ url: world.planner.url, apiKey: world.planner.keys.operator });
}, 120_000);

afterAll(async () => {
  cli?.remove();
  await world?.stop();
}, 60_000);

function source(): string {
  return `${world.source.server}/${world.source.database}`;
}

/** A backup that a person has to approve: its plan stops nothing and can be taken back. */
async function waiting(): Promise<string> {
  const typed = ['backup', '--database', source(), '--tier', 'daily', '--approval', 'required'];
  const { migrationId } = await cli.json<{ migrationId: string }>('submit', ...typed);
  expect((await cli.run(['watch', migrationId])).code).toBe(3);
  return migrationId;
}

async function statusOf(id: string): Promise<string> {
  return (await cli.json<MigrationView>('show', id)).status;
}

describe('rehome plan backup', () => {
  it('ends with 5 when there is no plan, and says why', async () => {
    const { code, out } = await cli.run(['plan', 'backup', '--database', `${world.source.server}/no_such_database`]);
    expect([code, out]).toEqual([
      5,
      expect.stringMatching(/refused\n {2}Data {3}nothing was changed\n.*no_such_database/s),
    ]);
  }, 60_000);
});

describe('rehome approve of a harmless plan', () => {
  it.each([
    ['Enter', 3, '\r'],
    ['what is no yes', 3, 'yesterday\r'],
    ['Yes', 0, 'Yes\r'],
  ])(
    'asks Approve? [y/N], and %s ends with %d',
    async (_what, code, answer) => {
      const id = await waiting();
      const terminal = cli.terminal(['approve', id]);
      await terminal.shows(/Back {3}possible at every step[^]*Approve\? \[y\/N\] /);
      terminal.type(answer);
      expect(await terminal.exited).toBe(code);
      expect(terminal.text).toMatch(code === 0 ? /Next: {2}rehome watch / : /Not approved.*\nNext: {2}rehome approve /);
      if (code !== 0) expect(await statusOf(id)).toBe('awaiting-approval');
      if (code !== 0) expect(await cli.run(['cancel', id])).toMatchObject({ code: 0 });
      // To its end: the next one asks for the same database.
      expect((await cli.run(['watch', id])).code).toBe(code === 0 ? 0 : 8);
    },
    90_000,
  );
});

describe('rehome backup', () => {
  it('says the id of what was made, proves it and keeps it as another tier [d21]', async () => {
    const made = await cli.run(['submit', 'backup', '--database', source(), '--tier', 'daily', '--watch']);
    const [, backupId = ''] = /^ {2}Backup (\S+)$/m.exec(made.out) ?? [];
    expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^ {2}State {2}verified$/m)]);
    const followed = async (...typed: readonly string[]) => {
      const { migrationId } = await cli.json<{ migrationId: string }>(...typed);
      return cli.run(['watch', migrationId]);
    };
    const proved = await followed('backup', 'verify', backupId);
    expect([proved.code, proved.out]).toEqual([0, expect.stringContaining(`  Backup ${backupId}`)]);
    const promoted = await followed('backup', 'promote', backupId, '--tier', 'weekly');
    expect([promoted.code, promoted.out]).toEqual([0, expect.stringMatching(/^ {2}Tier {3}weekly$/m)]);
    expect((await cli.run(['backup', 'list', '--tier', 'weekly'])).out).toContain(backupId);
  }, 120_000);
});
