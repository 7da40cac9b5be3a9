import { createHash } from 'node:crypto';
import type { ProjectFiles } from './project-files.js';

/** SHA-256 over paths and contents in the order of the paths' bytes, each after its length; lower-case hex. */
export function digestOf(files: ProjectFiles): string {
  const hash = createHash('sha256');
  for (const [path, text] of sortedFiles(files)) {
    for (const part of [path, text]) {
      const bytes = Buffer.from(part);
      // The length first: no content can pass for the path of a next file.
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      hash.update(length).update(bytes);
    }
  }
  return hash.digest('hex');
}

/** In an order that is the same on every machine. */
export function sortedFiles(files: ProjectFiles): (readonly [string, string])[] {
  return [...files].sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

/** SHA-256 of a script with line ends normalised, so that a checkout on Windows is no change; lower-case hex. */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
}
