/**
 * A deparsed expression in the form it has after a dump and restore. PostgreSQL prints
 * `(ARRAY['a'::character varying])::text[]`, but reads that back as an array whose elements are cast,
 * `ARRAY[('a'::character varying)::text]`: `status in ('a', 'b')` over a varchar column differs after every move otherwise.
 * All other text is returned unchanged.
 */
export function canonicalExpression(text: string): string {
  let result = text;
  for (let from = result.lastIndexOf('(ARRAY['); from >= 0; from = result.lastIndexOf('(ARRAY[', from - 1)) {
    const close = findClose(result, from + '(ARRAY'.length);
    const cast = close < 0 ? null : CAST.exec(result.slice(close));
    if (cast?.[1] !== undefined) {
      const elements = splitElements(result.slice(from + '(ARRAY['.length, close));
      const rewritten = `ARRAY[${elements.map((element) => `(${element})::${cast[1] ?? ''}`).join(', ')}]`;
      result = result.slice(0, from) + rewritten + result.slice(close + cast[0].length);
    }
    if (from === 0) break;
  }
  return result;
}

/** `])::text[]`, `])::public."T"[]`, `])::character varying(10)[]`. */
const CAST =
  /^\]\)::((?:"(?:[^"]|"")*"|[a-z_][\w$]*)(?:[. ](?:"(?:[^"]|"")*"|[a-z_][\w$]*))*(?:\(\d+(?:,\d+)?\))?)\[\]/i;

/** Where the bracket that opens at `open` closes; -1 when it does not. */
function findClose(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const character = text[at];
    if (character === "'" || character === '"') at = skipQuoted(text, at);
    else if (character === '[' || character === '(') depth++;
    else if (character === ']' || character === ')') {
      depth--;
      if (depth === 0) return at;
    }
  }
  return -1;
}

function splitElements(text: string): string[] {
  const elements: string[] = [];
  let [depth, start] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "'" || character === '"') at = skipQuoted(text, at);
    else if (character === '[' || character === '(') depth++;
    else if (character === ']' || character === ')') depth--;
    else if (character === ',' && depth === 0) {
      elements.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return [...elements, text.slice(start).trim()];
}

/** Position of the quote that ends what begins at `at`; doubled quotes belong to the text. */
function skipQuoted(text: string, at: number): number {
  const quote = text[at];
  for (let next = at + 1; next < text.length; next++) {
    if (text[next] !== quote) continue;
    if (text[next + 1] !== quote) return next;
    next++;
  }
  return text.length;
}
