/** Raw headers: bytes; a name that came several times holds a list. */
export type RecordHeaders = Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | undefined>>;

/** A record as it came from a topic; nothing of it is trusted. */
export interface IncomingRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /** Milliseconds since 1970, as the producer or broker set it. */
  readonly timestampMs: number;
}

export interface OutgoingRecord {
  readonly topic: string;
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers: RecordHeaders;
  /** Absent: by the hash of the key. */
  readonly partition?: number;
}

/** Where a record lies, for people: `rehome.requests.v1[3]@42`. */
export function placeOf(record: Pick<IncomingRecord, 'topic' | 'partition' | 'offset'>): string {
  return `${record.topic}[${String(record.partition)}]@${String(record.offset)}`;
}
