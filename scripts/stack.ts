import { Command } from 'commander';
import { parseMajors, stackDown, stackServe, stackStatus, stackUp, type UpOptions } from './stack/stack-commands.js';

const program = new Command('stack').description('Real servers and both services for development, in the background');

function withUpOptions(command: Command): Command {
  return command
    .option('--pg <majors>', 'PostgreSQL majors, separated by commas; each becomes a server pg<major>', parseMajors)
    .option('--kafka <on|off>', 'whether a Kafka broker is started', 'on')
    .option('--services <on|off>', 'whether planner and executor are started', 'on')
    .option(
      '--provisioner <url|off>',
      'address of your own provisioner, or none; the sample one is started without it',
    );
}

withUpOptions(program.command('up'))
  .description('start everything and print the addresses')
  .option('--json', 'print them as one JSON object')
  .action(stackUp);
withUpOptions(program.command('serve', { hidden: true })).action((options: UpOptions) => stackServe(options));
program.command('down').description('stop everything and remove its files').action(stackDown);
program.command('status').description('what is running').option('--json', 'as one JSON object').action(stackStatus);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
