/** PostgreSQL keeps this many bytes of a name (NAMEDATALEN - 1) and silently cuts the rest. */
export const IDENTIFIER_BYTES = 63;

/**
 * A name as it may stand in SQL, always quoted: `acme "x"` becomes `"acme ""x"""`.
 * @throws RangeError when the name is empty or holds a NUL, which no PostgreSQL name can.
 */
export function quoteIdentifier(name: string): string {
  if (name === '') throw new RangeError('an identifier cannot be empty');
  if (name.includes('\0')) throw new RangeError('an identifier cannot hold a NUL character');
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A text as an SQL literal, right under any `standard_conforming_strings`.
 * @throws RangeError when the text holds a NUL, which no PostgreSQL text can.
 */
export function quoteLiteral(text: string): string {
  if (text.includes('\0')) throw new RangeError('a literal cannot hold a NUL character');
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? ` E${quoted}` : quoted;
}

/**
 * `name` followed by `suffix`, the name cut between characters so that both fit into 63 bytes.
 * @throws RangeError when the suffix alone does not fit.
 */
export function fitIdentifier(name: string, suffix = ''): string {
  const room = IDENTIFIER_BYTES - Buffer.byteLength(suffix);
  if (room < 0) throw new RangeError(`suffix "${suffix}" is longer than ${String(IDENTIFIER_BYTES)} bytes`);
  let kept = '';
  let bytes = 0;
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > room) break;
    kept += character;
  }
  return kept + suffix;
}
