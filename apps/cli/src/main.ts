import { printFailure } from './print-failure.js';
import { runProgram } from './run-program.js';

process.exitCode = await runProgram(process.argv.slice(2), process.env).catch((error: unknown) => printFailure(error));
// Keep-alive sockets of fetch must not hold the process once everything is said, and a pipe must get all of it.
process.stdout.write('', (error) => {
  // What could not be written ends the process by its own event.
  if (!error) process.exit();
});
