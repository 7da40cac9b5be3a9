import { writeFileSync } from 'node:fs';
import { EVENT_SCHEMAS_FILE, eventSchemasText } from './contracts/event-schemas.js';

// `npm run contracts`, after a change of an event: a test compares the file with the types.
writeFileSync(EVENT_SCHEMAS_FILE, eventSchemasText());
