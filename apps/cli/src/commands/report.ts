import { EXIT, type ExitCode } from '../exit-codes.js';
import { harmless } from '../rendering/screen.js';
import type { Run } from '../run.js';

const MEDIA_TYPES = { json: 'application/json', md: 'text/markdown', html: 'text/html' } as const;

interface ReportOptions {
  readonly format: keyof typeof MEDIA_TYPES;
  readonly step?: string;
}

export async function report(run: Run, [id]: readonly [string], options: ReportOptions): Promise<ExitCode> {
  const form = run.json ? 'json' : options.format;
  const text = await (await run.client()).report(id, MEDIA_TYPES[form], options.step);
  // Names in it come from databases of others. What is JSON has escaped them by itself, and stays what it is.
  if (form === 'json') process.stdout.write(`${text.trimEnd()}\n`);
  else run.out(harmless(text.trimEnd()));
  if (form === 'md') run.say(`\nNext:  rehome report ${id} --format html${run.screen.again} > report.html`);
  return EXIT.done;
}
