import { createHash } from 'node:crypto';
import type { Structure } from './structure.js';

/** Large objects come and go with the application: they are content, not structure. */
const CONTENT_KINDS = new Set(['large objects']);

/** SHA-256 over every object with its aspects, in name order, lower-case hexadecimal. Equal structures give equal fingerprints. */
export function fingerprint(structure: Structure): string {
  const hash = createHash('sha256');
  for (const key of [...structure.objects.keys()].sort()) {
    const object = structure.objects.get(key);
    if (!object || CONTENT_KINDS.has(object.kind)) continue;
    const aspects = Object.entries(object.aspects).sort(([left], [right]) => (left < right ? -1 : 1));
    hash.update(`${JSON.stringify([object.kind, object.name, aspects])}\n`);
  }
  return hash.digest('hex');
}
