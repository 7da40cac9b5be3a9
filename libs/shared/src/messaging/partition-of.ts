import { Partitioners } from 'kafkajs';
import { PARTITIONS } from '../contracts/topics.js';

const partitioner = Partitioners.DefaultPartitioner();
const PARTITION_METADATA = Array.from({ length: PARTITIONS }, (_, partitionId) => ({
  partitionId,
  partitionErrorCode: 0,
  leader: 0,
  replicas: [],
  isr: [],
  offlineReplicas: [],
}));

/** Partition of every topic that holds the records of a key; the same as Kafka's own clients choose. */
export function partitionOf(key: string): number {
  return partitioner({ topic: '', partitionMetadata: PARTITION_METADATA, message: { key, value: null } });
}
