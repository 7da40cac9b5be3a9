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
}

const UNICODE: Marks = { done: '✓', active: '▸', failed: '✗', undone: '↶', waiting: '·' };
const WORDS: Marks = { done: 'done   ', active: 'active ', failed: 'FAILED ', undone: 'undone ', waiting: 'waiting' };
const ASCII: Marks = { done: '+', active: '>', failed: 'x', undone: '<', waiting: '.' };

export function marksOf({ unicode, accessible }: Pick<Screen, 'unicode' | 'accessible'>): Marks {
  if (accessible) return WORDS;
  return unicode ? UNICODE : ASCII;
}

/** Texts come from databases and files of others: what would steer the terminal is shown instead of obeyed. */
export function harmless(text: string): string {
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, (character) =>
    character === '\t' ? ' ' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
