import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import { REQUEST_MODELS } from '../intake/request-schema.js';

const REFERENCE = '#/components/schemas/';

/** Schemas of all kinds of requests and of what they hold, from the classes that validate them. */
export function requestSchemas(app: Parameters<typeof SwaggerModule.createDocument>[0]): Record<string, JsonObject> {
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().build(), {
    include: [],
    extraModels: [...REQUEST_MODELS],
  });
  const all = plain(document).components?.schemas ?? {};
  const found: Record<string, JsonObject> = {};
  const take = (name: string): void => {
    const schema = all[name];
    if (schema === undefined || name in found) return;
    found[name] = schema;
    referencesIn(schema).forEach(take);
  };
  REQUEST_MODELS.forEach((model) => {
    take(model.name);
  });
  return found;
}

/** A request is one of them; `kind` says which. */
export function oneOfRequests(): JsonObject {
  return { oneOf: REQUEST_MODELS.map(({ name }) => ({ $ref: `${REFERENCE}${name}` })) };
}

function plain(document: OpenAPIObject): { components?: { schemas?: Record<string, JsonObject> } } {
  return JSON.parse(JSON.stringify(document)) as never;
}

function referencesIn(value: JsonValue | undefined): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value && typeof value.$ref === 'string' ? [value.$ref.replace(REFERENCE, '')] : [];
  return [...own, ...Object.values(value).flatMap((part: JsonValue | undefined) => referencesIn(part))];
}
