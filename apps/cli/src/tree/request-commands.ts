import { Command, Option } from 'commander';
import { KINDS, type KindFlag } from './kinds.js';
import type { WithBody } from './with-body.js';

/** `rehome submit [KIND]`: asks for a migration, by flags of its kind or by a file. */
export function submitCommand(withBody: WithBody): Command {
  const declare = (command: Command, kind?: string): Command =>
    withBody(
      optionsOfAllKinds(command)
        .option('--dry-run', 'print the plan, change nothing')
        .option('--watch', 'follow it until it rests')
        .option('--idempotency-key <key>', 'the same key and request get the same migration'),
      async () => (await import('../commands/submit.js')).submitOf(kind),
    );
  const command = declare(
    new Command('submit')
      .description('ask for a migration')
      .option('--file <path>', 'the request as JSON or YAML; - reads standard input'),
  );
  for (const kind of kindCommands()) command.addCommand(declare(kind, kind.name()));
  return command;
}

/** `rehome plan [KIND]`: what a migration would do. */
export function planCommand(withBody: WithBody): Command {
  const declare = (command: Command, kind?: string): Command =>
    withBody(
      optionsOfAllKinds(command)
        .addOption(new Option('--format <how>', 'how the steps are shown').choices(['table', 'tree']).default('table'))
        .option('--detailed-exitcode', 'end with 2 when there is something to do'),
      async () => (await import('../commands/plan.js')).planOf(kind),
    );
  const command = declare(
    new Command('plan')
      .description('dry run: what a migration would do; nothing is changed')
      .option('--file <path>', 'the request as JSON or YAML; - reads standard input')
      .option('--id <id>', 'show a dry run that was made before'),
  );
  for (const kind of kindCommands()) command.addCommand(declare(kind, kind.name()));
  return command;
}

function kindCommands(): Command[] {
  return KINDS.map(({ kind, description, flags }) => {
    const command = new Command(kind).description(description);
    for (const flag of flags) command.addOption(optionOf(flag));
    return command;
  });
}

function optionOf({ flag, description, required, choices, list }: KindFlag): Option {
  const option = new Option(flag, description).makeOptionMandatory(required === true);
  if (list === true) return option.argParser(collected);
  return choices === undefined ? option : option.choices([...choices]);
}

function optionsOfAllKinds(command: Command): Command {
  return commonOptions(command).option(
    '--max-downtime <seconds>',
    'taken back when the application is down for longer',
  );
}

/** What a request takes that stops no application. */
export function commonOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--approval <when>', 'required: the plan waits for an approval').choices(['auto', 'required']),
    )
    .option('--run-at <time>', 'not before this time (RFC 3339)')
    .option('--rehearse', 'carry the plan out on copies, services untouched')
    .addOption(
      new Option('--on-busy <what>', 'when the subject is held by another migration').choices(['refuse', 'queue']),
    )
    .option('--labels <name=value>', 'carried along; may be repeated', collected);
}

/** For options that may be repeated. */
export function collected(text: string, before?: string[]): string[] {
  return [...(before ?? []), text];
}
