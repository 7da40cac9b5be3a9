import { PlannerError } from '#client/planner-error.js';
import { CliError } from './cli-error.js';
import { EXIT, exitOfPlannerError, type ExitCode } from './exit-codes.js';
import { harmless } from './rendering/screen.js';

/** Tells what went wrong and what to do, on standard error, and answers the exit code. */
export function printFailure(error: unknown, json = false): ExitCode {
  if (error instanceof CliError) {
    write(json, { code: 'CLI', detail: error.message, ...(error.next === undefined ? {} : { next: error.next }) }, [
      `rehome: ${error.message}`,
      ...(error.next === undefined ? [] : [`Next:  ${error.next}`]),
    ]);
    return error.exitCode;
  }
  if (error instanceof PlannerError) {
    const { code, message: detail, status, errors, links, requestId } = error;
    write(json, { code, status, detail, errors, links, requestId }, plannerLines(error));
    return exitOfPlannerError(error);
  }
  const detail = error instanceof Error ? error.message : String(error);
  write(json, { code: 'CLI', detail }, [`rehome: ${detail}`]);
  return EXIT.failed;
}

function write(json: boolean, facts: object, lines: readonly string[]): void {
  const text = json ? JSON.stringify({ error: facts }) : lines.map(harmless).join('\n');
  process.stderr.write(`${text}\n`);
}

function plannerLines(error: PlannerError): string[] {
  const { holder } = error.links;
  return [
    `rehome: ${error.message}   [${error.code}]`,
    ...error.errors.map(({ pointer, message }) => `  ${pointer}  ${message}`),
    ...hintOf(error),
    ...(holder === undefined ? [] : [`Next:  rehome watch ${holder.split('/').at(-1) ?? holder}`]),
  ];
}

function hintOf({ code, status }: PlannerError): string[] {
  if (code === 'UNREACHABLE')
    return ['Next:  rehome config show   (is this the address? --url, REHOME_URL or url in rehome.yaml)'];
  if (status === 401) return ['Next:  give an API key by REHOME_API_KEY, --key-file or a configuration file'];
  if (status === 403) return ['Next:  use a key of the role that the call needs'];
  return [];
}
