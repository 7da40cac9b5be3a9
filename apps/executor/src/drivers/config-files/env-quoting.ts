/** How a value stands in a `.env` file; empty: without quotes. */
export type Quote = '"' | "'" | '';

/** Without quotes every reader takes these characters as they are; everything else is quoted. */
export function isBare(value: string): boolean {
  return /^[\w./:@%+,=^~-]*$/.test(value) && !value.startsWith('~');
}

/**
 * Between these quotes every reader takes the value as it is. A backslash in single quotes is literal for shells and
 * node's dotenv, while python-dotenv shortens `\\` and docker compose none: only one before another character is safe.
 */
export function isLiteralIn(value: string, quote: '"' | "'"): boolean {
  return quote === "'" ? !/'|\\\\|\\$/.test(value) : !/["\\$`]/.test(value);
}

export function escapeDoubleQuoted(value: string): string {
  return value.replace(/["\\$`]/g, (character) => `\\${character}`);
}

export function unescapeDoubleQuoted(inner: string): string {
  return inner.replace(/\\(["\\$`])/g, '$1');
}
