import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventAnswer, MigrationView, PlanAnswer } from '#shared/contracts/answers.js';
import type { MigrationReport } from '#shared/contracts/report.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';
import { CliRig } from '../harness/cli-rig.js';
import { Gate, MoveWorld } from '../harness/move-world.js';

/** Whole moves as people see them: at a terminal, and piped into something else. */
let world: MoveWorld | undefined;
let cli: CliRig;
let tenants: readonly [SampleTenant, SampleTenant, SampleTenant];
const gate = new Gate(`/tmp/rehome-cli-gate-${randomUUID()}`);
let moved: string;

function given(): MoveWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

function request(tenant: SampleTenant): string[] {
  return ['upgrade', '--instance', tenant.instanceId, '--to-plan', 'premium'];
}

async function submitted(tenant: SampleTenant, ...more: readonly string[]): Promise<string> {
  return (await cli.json<{ migrationId: string }>('submit', ...request(tenant), ...more)).migrationId;
}

/** A colour or a move of the cursor. */
const ESCAPE = /\u001b\[/;
const CURSOR_UP = /\u001b\[\d+A/;

beforeAll(async () => {
  // The first move stands still where the application still runs: that is where a pause is possible.
  world = await MoveWorld.start({ executorEnv: { REHOME_FAULT_POINTS: gate.wait('step.create-database.created') } });
  cli = new CliRig({ url: world.stack.plannerUrl, apiKey: world.stack.apiKeys.operator });
  tenants = [await world.tenant(), await world.tenant(), await world.tenant()];
}, 180_000);

afterAll(async () => {
  gate.open();
  cli?.remove();
  await world?.stop();
  gate.remove();
}, 60_000);

describe('rehome plan', () => {
  it('shows what would happen with a word beside every symbol, risk and way back last, and changes nothing', async () => {
    const { code, out } = await cli.run(['plan', ...request(tenants[0])]);
    expect(code).toBe(0);
    expect(out).toMatch(/^Plan for upgrade of .* DRY RUN, nothing was changed\n/);
    expect(out).toMatch(/^\+ {2}create {2,}/m);
    expect(out).toMatch(/^! {2}stop .*downtime begins/m);
    expect(out).toMatch(/^ {2}Back +until ".*" has succeeded everything can be taken back$/m);
    expect(out).toMatch(/^Hash {2}sha256:[0-9a-f]{64}$/m);
    expect(out).not.toMatch(ESCAPE);
    expect(await cli.json('list')).toMatchObject({ items: [] });
  }, 60_000);

  it('shows it as a tree with every statement, again by its id, and as JSON', async () => {
    const tree = await cli.run(['plan', ...request(tenants[0]), '--format', 'tree', '-v']);
    expect(tree.out).toMatch(/^prepare\n├─ /m);
    expect(tree.out).toMatch(/sql @ .*: create database/i);
    const plan = await cli.json<PlanAnswer>('plan', ...request(tenants[0]));
    const again = await cli.run(['plan', '--id', plan.planId]);
    expect(again.out).toContain(plan.planHash);
    const dryRuns = await cli.json<{ items: { migrationId: string }[] }>('list', '--dry-runs');
    expect(dryRuns.items.map(({ migrationId }) => migrationId)).toContain(plan.planId);
  }, 60_000);

  it('ends with 2 for pending changes when it is asked to, else with 0', async () => {
    const asked = [...request(tenants[0]), '--detailed-exitcode'];
    expect(await cli.run(['plan', ...asked])).toMatchObject({ code: 2 });
    expect(await cli.run(['submit', ...request(tenants[0]), '--dry-run'])).toMatchObject({ code: 0 });
  }, 60_000);
});

describe('rehome submit, watch, pause, resume', () => {
  it('asks once however often, names the holder of a busy subject, and takes a file as well', async () => {
    const key = randomUUID();
    moved = await submitted(tenants[0], '--idempotency-key', key);
    expect(await submitted(tenants[0], '--idempotency-key', key)).toBe(moved);
    const file = `kind: upgrade\ninstanceId: ${tenants[0].instanceId}\ntoPlan: premium\n`;
    const busy = await cli.run(['submit', '--file', '-'], { input: file });
    expect(busy).toMatchObject({ code: 6, out: '' });
    expect(busy.err).toMatch(/\[SUBJECT_BUSY\]/);
    expect(busy.err).toContain(`Next:  rehome watch ${moved}`);
    await gate.reached();
  }, 60_000);

  it('shows live progress at a terminal, and Ctrl-C leaves the migration alone', async () => {
    const terminal = cli.terminal(['watch', moved]);
    await terminal.shows(/▸ .*create-database/);
    await terminal.shows(/migrating: \d+ done, 1 active, \d+ waiting/);
    await terminal.writes(CURSOR_UP);
    terminal.type('\u0003');
    expect(await terminal.exited).toBe(130);
    expect(terminal.text).toMatch(/the migration goes on\nNext: {2}rehome watch /);
    expect((await cli.json<MigrationView>('show', moved)).status).toBe('migrating');
  }, 90_000);

  it('pauses before the next step and goes on', async () => {
    expect(await cli.run(['pause', moved, '--reason', 'lunch'])).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Next:  rehome resume ${moved}`),
    });
    const paused = await cli.run(['list', '--status', 'paused']);
    expect(paused.out).toContain(moved);
    expect(await cli.run(['resume', moved])).toMatchObject({ code: 0 });
    expect(await cli.run(['resume', moved])).toMatchObject({ code: 6, err: expect.stringMatching(/only a paused/) });
  }, 60_000);

  it('tells every change in a line of its own when nothing is a terminal', async () => {
    const watching = cli.run(['watch', moved]);
    gate.open();
    const { code, out, err } = await watching;
    expect(code).toBe(0);
    expect(out).toMatch(/^✓ upgrade of .*: completed\nNext: {2}rehome report /);
    expect(err).toMatch(/^ ✓ +\d+\/\d+ start-service /m);
    expect(out + err).not.toMatch(ESCAPE);
    const steps = err
      .split('\n')
      .filter((line) => line.startsWith(' ✓'))
      .map((line) => line.split(/ +/)[3]);
    expect(new Set(steps).size).toBe(steps.length);
  }, 120_000);
});

describe('rehome show and list', () => {
  it('never cut an id, however narrow the terminal; columns go by their rank', async () => {
    const narrow = cli.terminal(['list'], { columns: 60 });
    expect(await narrow.exited).toBe(0);
    expect(narrow.text).toContain(moved);
    expect(narrow.text).not.toContain('SUBJECT');
    const piped = await cli.run(['list']);
    expect(piped.out.split('\n')[0]).toMatch(/^ID +STATUS +WHAT +ASKED +BY +SUBJECT$/);
  }, 60_000);

  it('colour only terminals that want it, and speak ASCII or words where marks are not understood', async () => {
    const shown = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
      const terminal = cli.terminal(['show', moved, ...args], { env });
      await terminal.exited;
      return terminal;
    };
    expect((await shown([], {})).raw).toContain('\u001b[32m');
    expect((await shown(['--no-color'], {})).raw).not.toMatch(/\u001b\[\d+m/);
    expect((await shown([], { NO_COLOR: '1' })).raw).not.toMatch(/\u001b\[\d+m/);
    expect((await shown([], { TERM: 'dumb' })).raw).not.toMatch(/\u001b\[\d+m/);
    expect((await shown([], { LANG: 'C' })).text).toMatch(/^\+ upgrade of/);
    expect((await shown([], { ACCESSIBLE: '1' })).text).toMatch(/^done {4}upgrade of/);
  }, 90_000);
});

describe('rehome watch --json', () => {
  it('streams events with the version of their schema first, and goes on behind a position', async () => {
    const lines = async (...more: readonly string[]) => {
      const { out } = await cli.run(['watch', moved, '--json', ...more]);
      return out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Partial<EventAnswer> & { schemaVersion?: number; status?: string });
    };
    const all = await lines();
    expect(all[0]).toMatchObject({ type: 'Watch', schemaVersion: 1 });
    expect(all.at(-1)).toMatchObject({ type: 'End', status: 'completed' });
    const events = all.slice(1, -1);
    expect(events.at(-1)?.type).toBe('MigrationCompleted');
    const rest = await lines('--after', events.at(-3)?.position ?? '');
    expect(rest.slice(1, -1)).toEqual(events.slice(-2));
    expect(await cli.run(['watch', moved, '--after', '1'])).toMatchObject({ code: 64 });
  }, 60_000);
});

describe('rehome report', () => {
  it('tells everything that happened, from events alone, as Markdown, JSON and a page', async () => {
    const markdown = await cli.run(['report', moved]);
    expect(markdown.out).toMatch(/^# upgrade of .*: completed\n/);
    expect(markdown.out).toMatch(/\| 1 \| [a-z-]+ \| (?:inspect|prepare) /);
    const page = await cli.run(['report', moved, '--format', 'html']);
    expect(page.out).toMatch(/^<!doctype html>\s*<html lang="en">/);
    expect(page.out).not.toMatch(/<script|https?:\/\/|<img|<link/);
    const json = await cli.run(['report', moved, '--format', 'json']);
    const report = JSON.parse(json.out) as MigrationReport;
    const events = await given().events(moved);
    expect(report.entries.map(({ position, type }) => [position, type])).toEqual(
      events.map(({ position, type }) => [position, type]),
    );
    expect(report.result).toMatchObject({ certificate: { checklist: expect.any(Array) } });
  }, 60_000);

  it('tells of one step, and says which there are when there is no such step', async () => {
    const step = await cli.json<MigrationReport>('report', moved, '--step', 'verify-copy');
    expect(new Set(step.entries.map(({ stepId }) => stepId))).toEqual(new Set(['verify-copy']));
    const none = await cli.run(['report', moved, '--step', 'dance']);
    expect(none).toMatchObject({ code: 1, err: expect.stringMatching(/it has: .*verify-copy/) });
  }, 60_000);
});

describe('rehome approve', () => {
  let waiting: string;
  const hashOf = async (id: string) => (await cli.json<MigrationView>('show', id)).planHash ?? '';
  const database = () => tenants[1].options.database;

  it('is what a migration waits for: 3', async () => {
    const asked = await cli.run(['submit', ...request(tenants[1]), '--approval', 'required', '--watch', '--json']);
    expect(asked.code).toBe(3);
    waiting = (JSON.parse(asked.out) as MigrationView).migrationId;
  }, 60_000);

  it('never takes its answer from a pipe, and prints the exact command', async () => {
    const piped = await cli.run(['approve', waiting], { input: `${database()}\n` });
    expect(piped.code).toBe(3);
    const hash = await hashOf(waiting);
    expect(piped.err).toContain(`rehome approve ${waiting} --hash sha256:${hash} --confirm ${database()}`);
  });

  it('refuses another hash and, for a dangerous plan, another name', async () => {
    const stale = await cli.run(['approve', waiting, '--hash', `sha256:${'0'.repeat(64)}`, '--confirm', database()]);
    expect(stale).toMatchObject({ code: 6, err: expect.stringContaining('read it again') });
    const hash = await hashOf(waiting);
    expect(await cli.run(['approve', waiting, '--hash', hash])).toMatchObject({ code: 64 });
    expect(await cli.run(['approve', waiting, '--hash', hash, '--confirm', 'other'])).toMatchObject({ code: 64 });
  }, 60_000);

  it.each([
    ['Enter', '\r'],
    ['another name', 'globex\r'],
  ])(
    '%s at the prompt means no',
    async (_what, typed) => {
      const terminal = cli.terminal(['approve', waiting]);
      await terminal.shows(/Plan for .*\n[^]*Hash {2}sha256:[^]*Asked by key:stack-operator[^]*Type .* to approve/);
      terminal.type(typed);
      expect(await terminal.exited).toBe(3);
      expect(terminal.text).toContain('Not approved; it goes on waiting.');
    },
    60_000,
  );

  it('approves when the name is typed, and follows the move to its end', async () => {
    const terminal = cli.terminal(['approve', waiting, '--reason', 'window agreed', '--watch']);
    await terminal.shows(/Type .* to approve/);
    terminal.type(`${database()}\r`);
    await terminal.shows(/: completed/);
    expect(await terminal.exited).toBe(0);
    const approved = (await given().events(waiting)).find(({ type }) => type === 'PlanApproved');
    expect(approved?.data).toMatchObject({ reason: 'window agreed', approvedBy: 'key:stack-operator' });
    expect(await cli.run(['approve', waiting])).toMatchObject({
      code: 6,
      err: expect.stringContaining('it is completed'),
    });
  }, 150_000);

  it('is given by scripts with hash, name and reason', async () => {
    const id = await submitted(tenants[2], '--approval', 'required');
    await given().until(id, ({ status }) => status === 'awaiting-approval');
    const flags = ['--hash', await hashOf(id), '--confirm', tenants[2].options.database, '--reason', 'script'];
    expect(await cli.run(['approve', id, ...flags])).toMatchObject({ code: 0 });
    expect(await cli.run(['cancel', id, '--reason', 'changed my mind'])).toMatchObject({ code: 0 });
    const ended = await cli.run(['watch', id]);
    expect(ended.code).toBe(8);
    expect(ended.out).toMatch(/Data {3}everything is as before, nothing lost; /);
    expect(await cli.run(['rollback', id])).toMatchObject({ code: 6 });
  }, 120_000);
});
