import { styleText } from 'node:util';

export type ProgressMode = 'tty' | 'plain' | 'json' | 'none';

/** What the terminal can do and what the person wants; decided once, in cli.config.ts. */
export interface Screen {
  readonly progress: ProgressMode;
  /** Sixteen colours, on standard output and on standard error. */
  readonly colour: { readonly out: boolean; readonly err: boolean };
  /** Marks beyond ASCII. */
  readonly unicode: boolean;
  /** Words instead of marks, no bars, nothing redrawn. */
  readonly accessible: boolean;
  /** Columns of standard output; undefined when it is no terminal: what is piped is never cut. */
  readonly width: number | undefined;
  /** What a command that is typed next must say, too: ` --in-process`, or nothing. */
  readonly again: string;
  /** A person sits there and can answer. */
  readonly canAsk: boolean;
}

export type Style = 'good' | 'active' | 'bad' | 'act' | 'quiet' | 'strong';

const STYLES = { good: 'green', active: 'cyan', bad: 'red', act: 'yellow', quiet: 'dim', strong: 'bold' } as const;

export function paint(on: boolean, style: Style, text: string): string {
  // `validateStream` would look at this process's own streams again.
  return on ? styleText(STYLES[style], text, { validateStream: false }) : text;
}

export interface Marks {
  readonly done: string;
  readonly active: string;
  readonly failed: string;
  readonly undone: string;
  readonly waiting: string;
  /** Here something is left out. */
  readonly more: string;
}

const UNICODE: Marks = { done: '✓', active: '▸', failed: '✗', undone: '↶', waiting: '·', more: '…' };
const WORDS: Marks = {
  done: 'done   ',
  active: 'active ',
  failed: 'FAILED ',
  undone: 'undone ',
  waiting: 'waiting',
  more: 'and',
};
const ASCII: Marks = { done: '+', active: '>', failed: 'x', undone: '<', waiting: '.', more: '...' };

export function marksOf({ unicode, accessible }: Pick<Screen, 'unicode' | 'accessible'>): Marks {
  if (accessible) return WORDS;
  return unicode ? UNICODE : ASCII;
}

/** Our own sentences where only ASCII is understood. */
export function spoken(text: string, { unicode }: Pick<Screen, 'unicode'>): string {
  return unicode ? text : text.replaceAll('…', '...').replaceAll('’', "'");
}

/** Texts come from databases and files of others: what would steer the terminal is shown instead of obeyed. */
export function harmless(text: string): string {
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (character) =>
    character === '\t' ? ' ' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
