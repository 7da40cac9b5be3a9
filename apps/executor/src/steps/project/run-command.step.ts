import { isAbsolute } from 'node:path';
import type { RunCommandParams, RunCommandResult } from '#shared/contracts/steps/project-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { SessionAddress } from '../../postgres/session.js';
import { runTool } from '../../postgres/run-tool.js';
import { sessionName } from '../../postgres/session-name.js';
import { withMigrationLock } from '../../projects/migration-lock.js';
import { abandonChange, beginChange, endChange } from '../../projects/own-change.js';
import { ensureTracking, hasTracking } from '../../projects/tracking/tracking-tables.js';
import { withRunDirectory } from '../../running/run-directory.js';
import type { Step, StepContext } from '../../running/step.js';
import { adminAddress, placeOf, withDatabase } from '../step-session.js';

type Context = StepContext<'run-command'>;

const TOLD_LINES = 40;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Runs a program of the project's beside its database, such as the migrations of a framework. */
export const runProjectCommand: Step<'run-command'> = {
  kind: 'run-command',

  async probe({ tools, run }) {
    const kept = await tools.captures.find(run);
    const ended = kept?.['ended'];
    if (typeof ended !== 'object' || ended === null) return { state: 'not-started' };
    return { state: 'done', result: ended as unknown as RunCommandResult };
  },

  async run(context) {
    const { params, tools, signal, run, lease } = context;
    const { address } = params.database;
    return withDatabase(context, address, (admin) =>
      withMigrationLock(admin, { signal }, async () => {
        await lease.check();
        const tracked = await hasTracking(admin);
        if (tracked) {
          await ensureTracking(admin);
          await beginChange(admin, run);
        }
        const result = await runProgram(context);
        await tools.faults.reach('step.run-command.ended');
        await lease.check();
        // What it changed is meant: from here on only what differs from this is drift.
        if (tracked) await endChange(admin, { project: params.project.name, run }, { run: [], faked: [] });
        await tools.captures.keep(run, () => Promise.resolve({ ended: asJsonObject(result) }));
        return result;
      }),
    );
  },

  verify: () => Promise.resolve(),

  async undo(context) {
    const { params, tools, run } = context;
    // What a program did only it could take back.
    await withDatabase(context, params.database.address, (session) => abandonChange(session, run));
    await tools.captures.forget(run);
    return { kept: params.name };
  },

  describe({ database, argv }) {
    const at = `${placeOf(database.address.server)}/${database.address.database}`;
    return [
      { tool: 'command', at, text: `PGPASSWORD=$PASSWORD PGOPTIONS='-c role=${database.owner}' ${argv.join(' ')}` },
    ];
  },
};

/** @throws RehomeError COMMAND_NOT_ALLOWED, COMMAND_FAILED. */
async function runProgram(context: Context): Promise<RunCommandResult> {
  const { params, tools, run, signal } = context;
  const [program, ...rest] = allowed(context);
  const environment = await environmentOf(context);
  const { redactor } = tools.services.command;
  const heard: string[] = [];
  const startedAt = performance.now();
  try {
    const { stdout } = await withRunDirectory(tools.workRoot, run, (workDirectory) =>
      runTool({ program, arguments: rest, environment, workDirectory, onLine: (line) => heard.push(line) }, signal),
    );
    const lines = [...stdout.split('\n'), ...heard].filter((line) => line.trim() !== '').slice(-TOLD_LINES);
    const durationMs = Math.round(performance.now() - startedAt);
    return { name: params.name, exitCode: 0, output: lines.map((line) => redactor.clean(line)), durationMs };
  } catch (error) {
    if (!(error instanceof RehomeError) || error.code !== 'TOOL_FAILED') throw error;
    throw failed(
      params,
      error,
      heard.slice(-TOLD_LINES).map((line) => redactor.clean(line)),
    );
  }
}

function allowed({ params, tools }: Context): readonly [string, ...string[]] {
  const [program = '', ...rest] = params.argv;
  if (isAbsolute(program) && tools.services.command.allowedCommands.includes(program)) return [program, ...rest];
  throw new RehomeError(
    'COMMAND_NOT_ALLOWED',
    `${params.name} of project ${params.project.name} would run ${program}; add its absolute path to the executor's allowed commands (REHOME_ALLOWED_PROGRAMS), or correct project.yaml`,
    { facts: { program } },
  );
}

/** The administrator's login with the owner's role: what the program makes belongs to the owner. Nothing is inherited. */
async function environmentOf(context: Context): Promise<Record<string, string>> {
  const { params, run } = context;
  const { address, owner } = params.database;
  const login = await adminAddress(context, address.server, address.database);
  const { host, port, user, password, database } = login;
  const options = `-c role=${owner.replaceAll(/[\\ ]/g, '\\$&')}`;
  return {
    ...(await declaredVariables(context, login)),
    ...{ FLYWAY_URL: jdbcUrl(login, options), FLYWAY_USER: user, FLYWAY_PASSWORD: password },
    PATH,
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: database,
    PGUSER: user,
    PGPASSWORD: password,
    PGAPPNAME: sessionName(run),
    PGOPTIONS: options,
  };
}

/** In the names that the project gives to applications: most programs read the settings of theirs. */
async function declaredVariables(
  { params, tools }: Context,
  { host, port, user, password, database }: SessionAddress,
): Promise<Record<string, string>> {
  const { definition } = await tools.projects.load(params.project);
  const declared = definition.databases.find(({ alias }) => alias === params.database.alias)?.environment;
  if (declared === undefined) return {};
  return {
    ...{ [declared.host]: host, [declared.port]: String(port), [declared.name]: database },
    ...{ [declared.user]: user, [declared.password]: password },
  };
}

/** The driver of Java takes no PGOPTIONS. */
function jdbcUrl({ host, port, database }: SessionAddress, options: string): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `jdbc:postgresql://${name}:${String(port)}/${encodeURIComponent(database)}?options=${encodeURIComponent(options)}`;
}

function failed({ name, argv }: RunCommandParams, error: RehomeError, lines: readonly string[]): RehomeError {
  const exit = error.facts?.['exit'];
  return new RehomeError(
    'COMMAND_FAILED',
    `${name} (${argv[0] ?? ''}) ended with ${typeof exit === 'string' ? exit : 'a failure'}: ${lines.join('\n')}. What it had done stands; mend the cause and apply again`,
    { facts: { name, ...(typeof exit === 'string' ? { exit } : {}), output: [...lines] } },
  );
}
