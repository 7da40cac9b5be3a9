import { format, resolveConfig } from 'prettier';
import type { ReferencePage } from './registry-pages.js';

/** Its text as `npm run check` wants it. */
export async function formatPage({ file, text }: ReferencePage): Promise<string> {
  const path = `docs/reference/${file}`;
  return format(text, { ...(await resolveConfig(path)), filepath: path });
}
