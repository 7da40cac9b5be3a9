import { readFileSync } from 'node:fs';
import type { EventName } from './events.js';
import type { JsonObject } from './json.js';

/** JSON Schemas (draft 7) of all events, made from `events.ts` by `npm run contracts` and held to it by a test. */
export interface EventSchemas {
  readonly events: readonly EventName[];
  /** Of each event's data, and of the types that it refers to as `#/components/schemas/<name>`. */
  readonly schemas: Readonly<Record<string, JsonObject>>;
}

export function readEventSchemas(): EventSchemas {
  return JSON.parse(readFileSync(new URL('./event-schemas.json', import.meta.url), 'utf8')) as EventSchemas;
}
