import { getSchemaPath } from '@nestjs/swagger';
import { MIGRATION_REQUESTS } from '#shared/contracts/requests/migration.request.js';

/** The class of every kind of request, for the interface's description. */
export const REQUEST_MODELS = Object.values(MIGRATION_REQUESTS);

/** A body that is one of them. */
export const REQUEST_BODY = { schema: { oneOf: REQUEST_MODELS.map((model) => ({ $ref: getSchemaPath(model) })) } };
