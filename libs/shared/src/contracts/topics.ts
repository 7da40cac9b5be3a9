/** Every topic has this many partitions for life: a key's partition must never change. */
export const PARTITIONS = 12;

const DAY_MS = 86_400_000;

export interface TopicSettings {
  readonly name: string;
  /** −1 keeps records for ever. */
  readonly retentionMs: number;
}

export const REQUESTS_TOPIC = 'rehome.requests.v1';
export const COMMANDS_TOPIC = 'rehome.commands.v1';
export const EVENTS_TOPIC = 'rehome.events.v1';

export function deadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

/** All topics of Rehome; retention as promised in the contracts. */
export const TOPICS: readonly TopicSettings[] = [
  { name: REQUESTS_TOPIC, retentionMs: 7 * DAY_MS },
  { name: COMMANDS_TOPIC, retentionMs: 14 * DAY_MS },
  { name: EVENTS_TOPIC, retentionMs: -1 },
  ...[REQUESTS_TOPIC, COMMANDS_TOPIC, EVENTS_TOPIC].map((topic) => ({
    name: deadLetterTopic(topic),
    retentionMs: 90 * DAY_MS,
  })),
];
