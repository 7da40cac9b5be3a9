const HEADER_BYTES = 8;

/** The text of a log: without a terminal, every chunk stands behind a header of its stream and length. */
export function demultiplex(bytes: Buffer, isTerminal: boolean): string {
  if (isTerminal) return bytes.toString('utf8');
  const chunks: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const end = at + HEADER_BYTES + bytes.readUInt32BE(at + 4);
    chunks.push(bytes.subarray(at + HEADER_BYTES, end));
    at = end;
  }
  return Buffer.concat(chunks).toString('utf8');
}
