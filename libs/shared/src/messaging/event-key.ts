import { migrationOfStream } from '../contracts/streams.js';

/**
 * Key of an event's record: the migration its stream belongs to, else the stream. One migration's events
 * and commands share a key, so they lie in order on one partition.
 */
export function eventKey(stream: string): string {
  return migrationOfStream(stream)?.migrationId ?? stream;
}
