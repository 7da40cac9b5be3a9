import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import type { DatabaseAddress, ServerEndpoint } from '#shared/contracts/registry.js';

/** Whether it is what a recipe itself wrote into its step; not where only an earlier step will know it. */
export function isAddress(value: JsonValue | undefined): value is JsonValue & DatabaseAddress {
  return isObject(value) && typeof value['database'] === 'string' && isEndpoint(value['server']);
}

export function isEndpoint(value: JsonValue | undefined): value is JsonValue & ServerEndpoint {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['host'] === 'string';
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
