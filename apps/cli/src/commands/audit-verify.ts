import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { textLines } from '#client/text-lines.js';
import { verifyExport, type ExportVerification } from '#client/verify-export.js';
import type { Verification } from '#shared/ledger/verify.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { block } from '../rendering/outcome-text.js';
import { marksOf, paint, type Screen } from '../rendering/screen.js';
import type { Run } from '../run.js';
import { sayWaiting } from './wait-for.js';

interface VerifyOptions {
  readonly from?: string;
  readonly to?: string;
  readonly head?: string;
}

/** With a file no server is asked: whoever has the export can check it. */
export async function auditVerify(
  run: Run,
  [file]: readonly [string | undefined],
  { from, to, head }: VerifyOptions,
): Promise<ExitCode> {
  if (file !== undefined && (from !== undefined || to !== undefined))
    throw new CliError(EXIT.usage, '--from and --to are for the ledger; an export is verified as a whole');
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  sayWaiting(
    run,
    file === undefined ? 'the planner recomputes the chain …' : `reading ${file === '-' ? 'standard input' : file} …`,
  );
  const result =
    file === undefined ? await online(run, range, head) : await verifyExport(linesOf(file, run.interrupted), head);
  run.out(run.json ? JSON.stringify(result) : verificationText(result, run.screen));
  return result.verified ? EXIT.done : EXIT.checkFailed;
}

async function online(
  run: Run,
  range: { readonly from?: string; readonly to?: string },
  head: string | undefined,
): Promise<Verification> {
  const result = await (await run.client()).verify(range);
  if (!result.verified || head === undefined || result.headHash === head) return result;
  const { headPosition, headHash } = result;
  return {
    verified: false,
    brokenAt: headPosition,
    because: 'head',
    expected: head,
    found: headHash,
    headPosition,
    headHash,
  };
}

async function* linesOf(file: string, interrupted: AbortSignal): AsyncGenerator<string> {
  const stream = addAbortSignal(interrupted, file === '-' ? process.stdin : createReadStream(file));
  try {
    yield* textLines(stream as AsyncIterable<Uint8Array>);
  } catch (error) {
    interrupted.throwIfAborted();
    throw new CliError(EXIT.usage, `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function verificationText(result: Verification | ExportVerification, screen: Screen): string {
  const marks = marksOf(screen);
  if (!result.verified)
    return [
      paint(
        screen.colour.out,
        'bad',
        `${marks.failed} the chain is broken at position ${result.brokenAt} (${result.because})`,
      ),
      ...block([
        ['Expect', result.expected],
        ['Found', result.found],
        ['Fix', 'keep the file and the ledger as they are, and compare with the copy on rehome.events.v1'],
      ]),
      '',
      `Next:  rehome audit events --from ${result.brokenAt}${screen.again} > broken.ndjson`,
    ].join('\n');
  const range = `positions ${result.from} to ${result.to}`;
  const headline = paint(screen.colour.out, 'good', `${marks.done} the hash chain holds: ${range}`);
  if ('headHash' in result)
    return [
      headline,
      ...block([['Head', `${result.headPosition}  ${result.headHash}`]]),
      '',
      `Next:  rehome audit events${screen.again} > ledger.ndjson`,
    ].join('\n');
  const start = result.complete
    ? 'from the first event of the ledger'
    : 'from the middle: that its first event follows the one before is taken as it stands';
  return [
    headline,
    ...block([
      ['Ledger', result.ledgerId],
      ['Range', `${String(result.events)} events, ${start}`],
      ['Last', result.lastHash],
    ]),
    '',
    `Next:  rehome audit verify${screen.again}   (the ledger itself, at the planner)`,
  ].join('\n');
}
