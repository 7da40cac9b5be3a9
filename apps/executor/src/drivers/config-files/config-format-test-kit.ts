import { RehomeError } from '#shared/errors/rehome-error.js';
import type { ConfigFormat, ConfigScope } from './config-format.js';

/** A format as its specs use it: texts instead of bytes. */
export function onTexts(format: ConfigFormat, scope: ConfigScope) {
  return {
    edit(text: string, edits: Readonly<Record<string, string>>, insertAfter?: string): string {
      const list = Object.entries(edits).map(([name, value]) => ({
        name,
        value,
        ...(insertAfter === undefined ? {} : { insertAfter }),
      }));
      return format.edit(Buffer.from(text), scope, list).toString();
    },

    read(text: string, ...names: string[]): Record<string, string> {
      return Object.fromEntries(format.read(Buffer.from(text), scope, names));
    },
  };
}

/** What an action throws. @throws Error when it throws nothing, or nothing of ours. */
export function failure(action: () => unknown): RehomeError {
  try {
    action();
  } catch (error) {
    if (error instanceof RehomeError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
