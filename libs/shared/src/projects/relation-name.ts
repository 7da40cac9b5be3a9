/** One name of several with dots between them: in quotes it may hold anything, as `quote_ident` writes it. */
const PART = /"(?:[^"]|"")+"|[^."]+/y;

/** Names that need no quotes here: all but those that a dot or a quote makes ambiguous. */
const PLAIN = /^[^."]+$/;

/** `audit."a.b".c` as its names; undefined when it is no such text. */
export function nameParts(text: string): string[] | undefined {
  const parts: string[] = [];
  for (let at = 0; at <= text.length; at += 1) {
    PART.lastIndex = at;
    const [found] = PART.exec(text) ?? [];
    if (found === undefined) return undefined;
    parts.push(found.startsWith('"') ? found.slice(1, -1).replaceAll('""', '"') : found);
    at += found.length;
    if (at < text.length && text[at] !== '.') return undefined;
  }
  return parts;
}

/** As projects keep it: `"order lines"` is `order lines`, and only `"a.b"` stays in quotes. */
export function plainName(text: string): string {
  const parts = nameParts(text) ?? [text];
  return parts.map((part) => (PLAIN.test(part) ? part : `"${part.replaceAll('"', '""')}"`)).join('.');
}

/** Schema and table of a name as projects keep it; a table without a schema lies in the given one. */
export function relationIn(schema: string, text: string): [string, string] {
  const [first = text, second] = nameParts(text) ?? [];
  return second === undefined ? [schema, first] : [first, second];
}
