import { BaseRpcContext } from '@nestjs/microservices';
import type { CloudEvent } from './cloud-event.js';
import type { IncomingRecord } from './kafka-record.js';

/** What `@Ctx()` gives a message handler: the record as it came and the CloudEvent that was read from it. */
export class RecordContext extends BaseRpcContext<[IncomingRecord, CloudEvent]> {
  constructor(
    readonly record: IncomingRecord,
    readonly event: CloudEvent,
  ) {
    super([record, event]);
  }

  get topic(): string {
    return this.record.topic;
  }

  get partition(): number {
    return this.record.partition;
  }

  get offset(): bigint {
    return this.record.offset;
  }
}
