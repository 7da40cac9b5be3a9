import { isAbsolute } from 'node:path';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { CommandServiceDriver as CommandControl } from '#shared/contracts/registry.js';
import type { ServiceResources } from '#shared/contracts/steps/service-steps.js';
import type { Redactor } from '../../secrets/redact.js';
import { runCommand, type CommandOutcome } from './run-command.js';
import type { ServiceDriver, ServiceState } from './service-driver.js';

const EXIT_RUNNING = 0;
const EXIT_STOPPED = 3;

export interface CommandServicePolicy {
  /** Absolute paths of the programs that may be run, exactly as they stand in argv[0]. */
  readonly allowedCommands: readonly string[];
  readonly redactor: Redactor;
  /** Of one command; 60 000 when silent. */
  readonly timeoutMs?: number;
}

type Verb = keyof CommandControl['commands'];

/** Controls a service by programs of the host: `systemctl`, `docker`, or a script of the operators. */
export class CommandServiceDriver implements ServiceDriver {
  constructor(
    /** Name of the service, for messages. */
    private readonly service: string,
    private readonly commands: CommandControl['commands'],
    private readonly policy: CommandServicePolicy,
  ) {}

  async stop(signal: AbortSignal): Promise<void> {
    await this.mustSucceed('stop', signal);
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.mustSucceed('start', signal);
  }

  async status(signal: AbortSignal): Promise<ServiceState> {
    const outcome = await this.run('status', signal);
    if (outcome.outcome !== 'exited') throw this.failed('status', outcome);
    if (outcome.code === EXIT_RUNNING) return { state: 'running' };
    return { state: outcome.code === EXIT_STOPPED ? 'stopped' : `unknown (exit ${String(outcome.code)})` };
  }

  async setEnvironment(variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const lines = Object.entries(variables).map(([name, value]) => {
      if (!/[\r\n\0]/.test(value) && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${name}=${value}\n`;
      throw new RehomeError(
        'CONFIG_VALUE_UNWRITABLE',
        `the variable ${name} of ${this.service} has a name or value that does not fit on one line`,
      );
    });
    await this.mustSucceed('environment', signal, lines.join(''));
  }

  async resize(resources: ServiceResources, signal: AbortSignal): Promise<void> {
    await this.mustSucceed('resources', signal, `${JSON.stringify(resources)}\n`);
  }

  logs(): Promise<string> {
    return Promise.resolve('');
  }

  private async mustSucceed(verb: Verb, signal: AbortSignal, input = ''): Promise<void> {
    const outcome = await this.run(verb, signal, input);
    if (outcome.outcome !== 'exited' || outcome.code !== 0) throw this.failed(verb, outcome);
  }

  private async run(verb: Verb, signal: AbortSignal, input = ''): Promise<CommandOutcome> {
    const argv = this.allowedArgv(verb);
    return runCommand({ argv, input, signal, timeoutMs: this.policy.timeoutMs ?? 60_000 });
  }

  private allowedArgv(verb: Verb): readonly [string, ...string[]] {
    const [program, ...rest] = this.commands[verb] ?? [];
    if (program === undefined) {
      throw new RehomeError(
        'SERVICE_REFUSED',
        `the service ${this.service} has no command for "${verb}"; add it to its definition`,
      );
    }
    if (isAbsolute(program) && this.policy.allowedCommands.includes(program)) return [program, ...rest];
    throw new RehomeError(
      'COMMAND_NOT_ALLOWED',
      `"${verb}" of the service ${this.service} would run ${program}; add its absolute path to the executor's allowed commands or correct the definition`,
      { facts: { program, verb } },
    );
  }

  private failed(verb: Verb, outcome: CommandOutcome): RehomeError {
    const at = `"${verb}" of the service ${this.service}`;
    const said =
      'errorTail' in outcome && outcome.errorTail !== '' ? `: ${this.policy.redactor.clean(outcome.errorTail)}` : '';
    switch (outcome.outcome) {
      case 'timed-out':
        return new RehomeError('SERVICE_UNREACHABLE', `${at} did not end in time and was killed${said}`);
      case 'not-started':
        return new RehomeError(
          'SERVICE_REFUSED',
          `${at} could not be run (${outcome.reason}); is the program there and executable?`,
        );
      case 'killed':
        return new RehomeError('SERVICE_UNREACHABLE', `${at} was ended by ${outcome.by}${said}`);
      case 'exited':
        return new RehomeError('SERVICE_REFUSED', `${at} ended with ${String(outcome.code)}${said}`, {
          facts: { verb, exitCode: outcome.code },
        });
    }
  }
}
