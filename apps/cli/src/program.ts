import { Command, Option } from 'commander';
import { CLI_SETTINGS, CLI_SETTING_NAMES, type CliSetting } from './configuration/cli-settings.js';
import type { CommandBody } from './run.js';
import { actionCommands } from './tree/action-commands.js';
import { applyCommands } from './tree/apply-commands.js';
import { auditCommands } from './tree/audit-commands.js';
import { backupCommands } from './tree/backup-commands.js';
import { healthCommands } from './tree/health-commands.js';
import { migrationCommands } from './tree/migration-commands.js';
import { projectCommands } from './tree/project-commands.js';
import { projectFileCommands } from './tree/project-file-commands.js';
import { registryCommands } from './tree/registry-commands.js';
import { toolCommands } from './tree/tool-commands.js';
import type { WithBody } from './tree/with-body.js';

/** A command that was typed: where its body is, and what it was given. */
export interface Invocation {
  readonly load: () => Promise<CommandBody>;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** Flags that every command takes. */
  readonly flags: Readonly<Record<string, unknown>>;
}

export type Invoke = (invocation: Invocation) => Promise<void>;

/**
 * The tree of commands; nothing of a command is loaded before it runs.
 *
 * @param options `speaks`: what is wrong with a line is told to people on standard error, not only thrown
 */
export function buildProgram(invoke: Invoke, { speaks = true }: { readonly speaks?: boolean } = {}): Command {
  const program = new Command('rehome')
    .description('Moves PostgreSQL databases and can prove it: asks the planner, shows what it does')
    // Not --version as well: the program would take it from commands that have a --version of their own.
    .version('0.1.0', '-V', 'print the version, as a lone --version does')
    .option('--json', 'results as JSON: one object, or one per line where more follow')
    .option('--no-color', 'no colours')
    .option('-v, --verbose', 'more of everything')
    .helpOption('-h, --help', 'explain a command')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(rehome --help, rehome COMMAND --help)');
  if (!speaks) program.configureOutput({ writeErr: () => undefined });
  for (const option of settingOptions()) program.addOption(option);
  const withBody: WithBody = (command, load) =>
    command.action((...given: unknown[]) => invoke(invocationOf(given, load)));
  const groups = [
    migrationCommands,
    actionCommands,
    applyCommands,
    projectCommands,
    projectFileCommands,
    auditCommands,
    backupCommands,
    healthCommands,
    registryCommands,
    toolCommands,
  ];
  for (const command of groups.flatMap((commandsOf) => commandsOf(withBody)))
    program.addCommand(inherit(program, command));
  return program.exitOverride();
}

function settingOptions(): Option[] {
  return CLI_SETTING_NAMES.flatMap((name) => {
    const { flag, description, choices }: CliSetting = CLI_SETTINGS[name];
    if (flag === undefined) return [];
    const option = new Option(flag, description);
    // A flag without a value is true where it stands.
    return [choices === undefined || option.isBoolean() ? option : option.choices([...choices])];
  });
}

/** What `program.command()` would do by itself. */
function inherit(program: Command, command: Command): Command {
  command.copyInheritedSettings(program).exitOverride();
  for (const child of command.commands) inherit(command, child);
  return command;
}

/** The parser: commander gives arguments, options and the command itself, typed by their declarations only. */
function invocationOf(given: readonly unknown[], load: () => Promise<CommandBody<never, never>>): Invocation {
  const command = given.at(-1) as Command;
  let root = command;
  while (root.parent !== null) root = root.parent;
  return {
    load: load as unknown as () => Promise<CommandBody>,
    args: command.processedArgs as string[],
    options: command.optsWithGlobals(),
    flags: root.opts(),
  };
}
