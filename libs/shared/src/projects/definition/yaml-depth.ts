/** Levels of brackets, of `- - -` on a line and of blanks before it; a project needs about six. */
const DEEPEST = 100;
const WIDEST_INDENT = 400;

/**
 * Whether a YAML text nests so deep that its parser would run out of memory, which nothing catches: 10,000 brackets end the
 * whole process. Counts brackets in texts as well, which is never far off.
 */
export function nestsTooDeeply(text: string): boolean {
  if (/(?:[-?:][ \t]+){50}/.test(text)) return true;
  if (text.split('\n').some((line) => line.length - line.trimStart().length > WIDEST_INDENT)) return true;
  let depth = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1);
    if (depth > DEEPEST) return true;
  }
  return false;
}
