import { PlannerError } from '#client/planner-error.js';
import { CliError } from './cli-error.js';
import { EXIT, exitOfPlannerError, type ExitCode } from './exit-codes.js';
import { harmless, spoken, type Screen } from './rendering/screen.js';

interface FailureLook {
  /** For programs. */
  readonly json?: boolean;
  readonly screen?: Pick<Screen, 'unicode' | 'again'>;
}

/** Before anything is known of it. */
const UNKNOWN = { unicode: false, again: '' } as const;

/** Tells what went wrong and what to do, on standard error, and answers the exit code. */
export function printFailure(error: unknown, { json = false, screen = UNKNOWN }: FailureLook = {}): ExitCode {
  if (error instanceof CliError) {
    write(
      { json, screen },
      { code: 'CLI', detail: error.message, ...(error.next === undefined ? {} : { next: error.next }) },
      [`rehome: ${error.message}`, ...(error.next === undefined ? [] : [`Next:  ${error.next}`])],
    );
    return error.exitCode;
  }
  if (error instanceof PlannerError) {
    const { code, message: detail, status, errors, links, requestId } = error;
    write({ json, screen }, { code, status, detail, errors, links, requestId }, plannerLines(error, screen));
    return exitOfPlannerError(error);
  }
  const detail = error instanceof Error ? error.message : String(error);
  write({ json, screen }, { code: 'CLI', detail }, [`rehome: ${detail}`]);
  return EXIT.failed;
}

function write({ json, screen }: Required<FailureLook>, facts: object, lines: readonly string[]): void {
  const text = json ? JSON.stringify({ error: facts }) : spoken(lines.map(harmless).join('\n'), screen);
  process.stderr.write(`${text}\n`);
}

function plannerLines(error: PlannerError, { again }: Pick<Screen, 'again'>): string[] {
  const { holder } = error.links;
  return [
    `rehome: ${error.message}   [${error.code}]`,
    ...error.errors.map(({ pointer, message }) => `  ${pointer}  ${message}`),
    ...hintOf(error, again),
    ...(holder === undefined ? [] : [`Next:  rehome watch ${holder.split('/').at(-1) ?? holder}${again}`]),
  ];
}

function hintOf({ code, status, links }: PlannerError, again: string): string[] {
  if (code === 'UNREACHABLE')
    return ['Next:  rehome config show   (is this the address? --url, REHOME_URL or url in rehome.yaml)'];
  if (status === 401) return ['Next:  give an API key by REHOME_API_KEY, --key-file or a configuration file'];
  if (status === 403) return ['Next:  use a key of the role that the call needs'];
  if (links['holder'] !== undefined) return [];
  if (status === 404 || status === 409) return [`Next:  rehome list${again}   (what there is, and how it stands)`];
  if (status === 400 || status === 422) return ['Next:  correct it and ask again; --help tells what there is to say'];
  return [];
}
