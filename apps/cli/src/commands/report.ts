import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Run } from '../run.js';

const MEDIA_TYPES = { json: 'application/json', md: 'text/markdown', html: 'text/html' } as const;

interface ReportOptions {
  readonly format: keyof typeof MEDIA_TYPES;
  readonly step?: string;
}

export async function report(run: Run, [id]: readonly [string], options: ReportOptions): Promise<ExitCode> {
  const form = run.json ? 'json' : options.format;
  const text = await (await run.client()).report(id, MEDIA_TYPES[form], options.step);
  run.out(text.trimEnd());
  if (form === 'md') run.say(`\nNext:  rehome report ${id} --format html${run.screen.again} > report.html`);
  return EXIT.done;
}
