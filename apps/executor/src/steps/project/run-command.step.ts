import { isAbsolute } from 'node:path';
import type { RunCommandParams, RunCommandResult } from '#shared/contracts/steps/project-steps.js';
import { assertNever } from '#shared/errors/assert-never.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { runCommand, type CommandOutcome } from '../../drivers/services/run-command.js';
import type { Step, StepContext } from '../../running/step.js';
import { adminAddress, placeOf } from '../step-session.js';

type Context = StepContext<'run-command'>;

const OUTPUT_LINES = 50;
/** The step's own deadline ends it earlier. */
const TIMEOUT_MS = 86_400_000;

/**
 * Runs a program of the project's beside its database, such as `manage.py migrate`. What it does is its own business: it
 * must be one that may run again, as tools that keep books do, for after a crash nobody knows how far it came.
 */
export const runProjectCommand: Step<'run-command'> = {
  kind: 'run-command',

  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { params, signal, lease, tools } = context;
    const argv = allowedArgv(context);
    const environment = await environmentOf(context);
    await lease.check();
    const began = performance.now();
    const outcome = await runCommand({ argv, environment, keepOutput: true, timeoutMs: TIMEOUT_MS, signal });
    const output = linesOf(tools.services.command.redactor.clean(said(outcome)));
    if (outcome.outcome !== 'exited' || outcome.code !== 0) throw failed(params, outcome, output);
    const durationMs = Math.round(performance.now() - began);
    return { name: params.name, exitCode: 0, output, durationMs } satisfies RunCommandResult;
  },

  verify: () => Promise.resolve(),

  /** What it has done stays, as versions that were applied do. */
  undo: ({ params }) => Promise.resolve({ kept: params.name }),

  describe({ argv, database }) {
    const { server, database: name } = database.address;
    const variables = `PGHOST=${server.host} PGPORT=${String(server.port)} PGDATABASE=${name} PGUSER=${server.adminUser} PGPASSWORD=$PASSWORD PGOPTIONS='-c role=${database.owner}'`;
    return [{ tool: 'command', at: `${placeOf(server)}/${name}`, text: `${variables} ${argv.join(' ')}` }];
  },
};

/** Logged in as the administrator and at once the owner: what it makes belongs to whom it should. */
async function environmentOf(context: Context): Promise<Record<string, string>> {
  const { address, owner } = context.params.database;
  const { host, port, user, password, database } = await adminAddress(context, address.server, address.database);
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: database,
    PGUSER: user,
    PGPASSWORD: password,
    // Backslashes and spaces separate options and must be escaped in them.
    PGOPTIONS: `-c role=${owner.replaceAll(/[\\\s]/g, String.raw`\$&`)}`,
  };
}

function allowedArgv({ params, tools }: Context): readonly [string, ...string[]] {
  const [program, ...rest] = params.argv;
  const allowed = tools.services.command.allowedCommands;
  if (program !== undefined && isAbsolute(program) && allowed.includes(program)) return [program, ...rest];
  throw new RehomeError(
    'COMMAND_NOT_ALLOWED',
    `command ${params.name} of the project would run ${program ?? 'nothing'}; add its absolute path to the executor's allowed commands or correct project.yaml`,
    { facts: { program: program ?? '' } },
  );
}

function failed({ name, argv }: RunCommandParams, outcome: CommandOutcome, output: readonly string[]): RehomeError {
  const what = endOf(outcome);
  const last = output.at(-1);
  return new RehomeError(
    'COMMAND_FAILED',
    `command ${name} (${argv[0] ?? ''}) ${what}${last === undefined ? '' : `: ${last}`}; what it had done stands, mend the cause and apply again`,
    { facts: { output: [...output] } },
  );
}

function endOf(outcome: CommandOutcome): string {
  switch (outcome.outcome) {
    case 'exited':
      return `ended with ${String(outcome.code)}`;
    case 'killed':
      return `was ended by ${outcome.by}`;
    case 'timed-out':
      return 'did not end in time';
    case 'not-started':
      return `could not be started (${outcome.reason})`;
    default:
      return assertNever(outcome);
  }
}

function said(outcome: CommandOutcome): string {
  return outcome.outcome === 'not-started' ? '' : outcome.errorTail;
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-OUTPUT_LINES);
}
