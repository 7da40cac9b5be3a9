import { createInterface } from 'node:readline/promises';
import type { RehomeClient } from '#client/rehome-client.js';
import type { MigrationView } from '#shared/contracts/answers.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { bare } from '../rendering/migration-text.js';
import { isDangerous } from '../rendering/plan-risk.js';
import { planText } from '../rendering/plan-text.js';
import { readable } from '../rendering/readable.js';
import { quoted } from '../rendering/repeated.js';
import type { Run } from '../run.js';
import { follow } from './follow.js';

interface ApproveOptions {
  readonly hash?: string;
  readonly confirm?: string;
  readonly reason?: string;
  readonly watch?: boolean;
}

type Waiting = MigrationView & { readonly plan: NonNullable<MigrationView['plan']>; readonly planHash: string };

/**
 * One gate, bound to the hash of the plan that was shown; the planner holds it, whoever asks. A script gives the hash and,
 * for a dangerous plan, the subject's name; a person sees the plan and types it.
 */
export async function approve(run: Run, [id]: readonly [string], options: ApproveOptions): Promise<ExitCode> {
  const client = await run.client();
  const migration = waiting(run, await client.migration(id));
  const confirmed = options.hash === undefined ? await askPerson(run, migration) : checkFlags(run, migration, options);
  if (!confirmed) {
    run.say(`Not approved; it goes on waiting.\nNext:  rehome approve ${id}${run.screen.again}`);
    return EXIT.waitsForApproval;
  }
  return send(run, client, migration, options);
}

function waiting({ screen }: Run, migration: MigrationView): Waiting {
  const { status, plan, planHash, migrationId } = migration;
  if (status === 'awaiting-approval' && plan !== null && planHash !== null) return { ...migration, plan, planHash };
  throw new CliError(
    EXIT.conflict,
    `the migration does not wait for an approval, it is ${status}`,
    `rehome show ${migrationId}${screen.again}`,
  );
}

/** What a person types to show that this subject is meant: the database's name, else the last part of the subject. */
function subjectName({ plan, subject }: Pick<Waiting, 'plan' | 'subject'>): string {
  const { database } = plan.outcome;
  if (typeof database === 'string') return database;
  return (
    subject
      .replace(/^[a-z-]+:/, '')
      .split('/')
      .at(-1) ?? subject
  );
}

function checkFlags(run: Run, migration: Waiting, { hash = '', confirm }: ApproveOptions): boolean {
  if (bare(hash) !== bare(migration.planHash))
    throw new CliError(
      EXIT.conflict,
      `the plan has hash sha256:${bare(migration.planHash)}, not ${hash}; read it again before approving`,
      `rehome approve ${migration.migrationId}${run.screen.again}`,
    );
  if (!isDangerous(migration.plan) || confirm === subjectName(migration)) return true;
  throw new CliError(
    EXIT.usage,
    `the plan is dangerous: give the name of its subject, --confirm ${subjectName(migration)}`,
    commandOf(run, migration),
  );
}

async function askPerson(run: Run, migration: Waiting): Promise<boolean> {
  // Never from a pipe: whoever answers must have seen the plan.
  if (!run.screen.canAsk || run.json)
    throw new CliError(
      EXIT.waitsForApproval,
      'an approval is asked of a person at a terminal',
      commandOf(run, migration),
    );
  const shown = readable(migration);
  run.say(
    planText(
      { ...shown, planId: shown.migrationId, steps: shown.plan.steps },
      { ...run, format: 'table', dryRun: false },
    ),
  );
  run.say(
    `Asked by ${shown.requestedBy}; approved for good: \`rehome cancel ${shown.migrationId}${run.screen.again}\` stops it before the point of no return.`,
  );
  const name = subjectName(shown);
  if (!isDangerous(migration.plan)) return /^y(?:es)?$/i.test(await ask(run, 'Approve? [y/N] '));
  return (await ask(run, `Type ${name} to approve (Enter: no): `)) === name;
}

async function ask(run: Run, question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // readline takes Ctrl-C for itself while it asks.
    terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    return (await terminal.question(question, { signal: run.interrupted })).trim();
  } finally {
    terminal.close();
  }
}

function commandOf({ screen }: Run, migration: Waiting): string {
  const confirm = isDangerous(migration.plan) ? ` --confirm ${quoted(subjectName(migration))}` : '';
  return `rehome approve ${migration.migrationId} --hash sha256:${bare(migration.planHash)}${confirm} --reason "…"${screen.again}`;
}

async function send(run: Run, client: RehomeClient, migration: Waiting, options: ApproveOptions): Promise<ExitCode> {
  const { migrationId, planHash } = migration;
  const reason = options.reason === undefined ? {} : { reason: options.reason };
  const answer = await client.act(migrationId, 'approve', { planHash, ...reason });
  if (options.watch === true) return follow(run, client, migrationId);
  if (run.json) run.out(JSON.stringify(answer));
  else
    run.out(`${migrationId} approved (now: ${answer.status})\n\nNext:  rehome watch ${migrationId}${run.screen.again}`);
  return EXIT.done;
}
