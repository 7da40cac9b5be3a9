import type { Session } from './session.js';

/**
 * Runs texts of one or more statements, each text all or nothing: PostgreSQL makes one transaction of what it is sent
 * at once. @returns how many texts were run.
 */
export async function runTexts(session: Session, texts: readonly string[], signal: AbortSignal): Promise<number> {
  for (const text of texts) {
    signal.throwIfAborted();
    await session.query(text);
  }
  return texts.length;
}
