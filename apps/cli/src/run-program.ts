import { CommanderError } from 'commander';
import { CliError } from './cli-error.js';
import { printFailure } from './print-failure.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { buildProgram, type Invocation } from './program.js';
import type { Run } from './run.js';

/** Reads a command line and runs what it asks for. */
export async function runProgram(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done;
  process.stdout.on('error', endUnwritten);
  // A line that cannot be read has no flags yet.
  const json = argv.includes('--json');
  const program = buildProgram(
    async (invocation) => {
      exitCode = await invoke(invocation, environment);
    },
    { speaks: !json },
  );
  try {
    const [first, ...rest] = argv;
    await program.parseAsync(first === '--version' ? ['-V', ...rest] : [...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    return json ? printFailure(usageError(error), { json }) : EXIT.usage;
  }
}

/** Commander shows its help when a command is missing, and calls that an error without words. */
function usageError({ code, message }: CommanderError): CliError {
  const detail = code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '');
  return new CliError(EXIT.usage, detail, 'rehome --help');
}

/** Of a pipe whoever reads us has read enough, as `head` does; elsewhere the result is lost. */
function endUnwritten({ code, message }: NodeJS.ErrnoException): never {
  if (code === 'EPIPE') process.exit(EXIT.done);
  process.exit(printFailure(new CliError(EXIT.failed, `the result could not be written: ${message}`)));
}

async function invoke({ load, args, options, flags }: Invocation, environment: NodeJS.ProcessEnv): Promise<ExitCode> {
  const interruption = new AbortController();
  const interrupt = (): void => {
    // Who waits for something ends well by itself; a second Ctrl-C does not wait for that.
    if (interruption.signal.aborted) process.exit(EXIT.interrupted);
    // The terminal has echoed ^C.
    if (process.stderr.isTTY) process.stderr.write('\n');
    interruption.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  let run: Run | undefined;
  try {
    const { createRun } = await import('./create-run.js');
    run = await createRun(flags, environment, interruption.signal);
    const body = await load();
    return await body(run, args, options);
  } catch (error) {
    const interrupted = interruption.signal.aborted && !(error instanceof CliError);
    const told = interrupted ? new CliError(EXIT.interrupted, 'interrupted') : error;
    return printFailure(told, { json: flags['json'] === true, ...(run === undefined ? {} : { screen: run.screen }) });
  } finally {
    await run?.close();
  }
}
