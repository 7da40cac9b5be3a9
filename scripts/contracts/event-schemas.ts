import { JsonSchemas, type JsonSchema } from './json-schemas.js';

const EVENTS = 'libs/shared/src/contracts/events.ts';
/** What the planner serves; made from the types, never edited. */
export const EVENT_SCHEMAS_FILE = 'libs/shared/src/contracts/event-schemas.json';

export interface EventSchemas {
  /** Names of all events. */
  readonly events: readonly string[];
  /** For the data of each event, under its name, and for all types that they refer to. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

export function buildEventSchemas(): EventSchemas {
  const schemas = new JsonSchemas(EVENTS);
  const events = schemas.addMembersOf('EventTypes');
  schemas.add('EventMetadata');
  const sorted = [...schemas.named].sort(([one], [other]) => (one < other ? -1 : 1));
  return { events, schemas: Object.fromEntries(sorted) };
}

export function eventSchemasText(): string {
  return `${JSON.stringify(buildEventSchemas(), undefined, 2)}\n`;
}
