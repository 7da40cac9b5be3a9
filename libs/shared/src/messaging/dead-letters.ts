import type { Failure } from '../contracts/events.js';
import { deadLetterTopic } from '../contracts/topics.js';
import { DLQ } from './cloud-event-headers.js';
import type { IncomingRecord } from './kafka-record.js';
import type { RecordSender } from './record-sender.js';

const MAX_REASON_CHARACTERS = 1_000;

/**
 * Puts a record that cannot be read aside: key, value and headers unchanged, on the same partition number,
 * with why and whence in four headers.
 *
 * @throws RehomeError KAFKA_UNAVAILABLE
 */
export async function putAside(sender: RecordSender, record: IncomingRecord, failure: Failure): Promise<void> {
  await sender.send([
    {
      topic: deadLetterTopic(record.topic),
      partition: record.partition,
      key: record.key,
      value: record.value,
      headers: {
        ...record.headers,
        [DLQ.reason]: `${failure.code}: ${failure.detail}`.slice(0, MAX_REASON_CHARACTERS),
        [DLQ.topic]: record.topic,
        [DLQ.partition]: String(record.partition),
        [DLQ.offset]: String(record.offset),
      },
    },
  ]);
}
