import { Ajv, type ValidateFunction } from 'ajv';
import type { JsonObject, JsonValue } from '#shared/contracts/json.js';

/**
 * The schemas of an AsyncAPI document, for payloads. Strict: a field that no schema names is a problem too, though the
 * contract leaves objects open, because here it shows what the document forgot.
 */
export class PayloadSchemas {
  private readonly ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

  constructor(document: JsonObject) {
    const { components } = document as { components: { schemas: JsonObject } };
    this.ajv.addSchema({ $id: 'asyncapi', components: { schemas: closed(components.schemas) } });
  }

  /** What is wrong with a payload, by the schema of that name. */
  problems(name: string, payload: unknown): string[] {
    const validate = this.schema(name);
    if (validate(payload)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${name}${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }

  private schema(name: string): ValidateFunction {
    const schema = this.ajv.getSchema(`asyncapi#/components/schemas/${name}`);
    if (schema === undefined) throw new Error(`the document has no schema ${name}`);
    return schema;
  }
}

function closed(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((part: JsonValue) => closed(part) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value as JsonObject).map(([name, part]) => [name, closed(part)]);
  const schema = Object.fromEntries(parts) as JsonObject;
  const isObject = schema['type'] === 'object' && typeof schema['properties'] === 'object';
  return isObject && !('additionalProperties' in schema) ? { ...schema, additionalProperties: false } : schema;
}
