import type { ExitCode } from './exit-codes.js';

/** A command that ends for a reason of its own: what is wrong and what to do. */
export class CliError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** The command to type next. */
    readonly next?: string,
  ) {
    super(message);
    this.name = 'CliError';
  }
}
