import type { JsonValue } from '#shared/contracts/json.js';
import type { Session } from '../../postgres/session.js';

/** What became of a statement that was begun and never finished. */
export type Interrupted = 'done' | 'repeat' | 'unknown';

/**
 * A statement that PostgreSQL runs outside a transaction, and that may therefore be half done after a crash. The session
 * is the owner's, with the schema in its search path.
 */
export interface LoneStatement {
  /** What stands there before it, where that tells afterwards what it did. */
  look(session: Session): Promise<JsonValue>;
  /** Reads only. */
  judge(session: Session, before: JsonValue): Promise<Interrupted>;
  /** Takes away what a try that failed left half made. May be repeated. */
  clean(session: Session, before: JsonValue): Promise<void>;
  /** What is to be sent now, where an earlier try left the statement half done and another one ends it. Reads only. */
  ending?(session: Session): Promise<string | undefined>;
  /** Waits for others without standing in anybody's way, so that a long wait is better than many short ones. */
  readonly patient: boolean;
}
