import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import type { PlannedStep, StepInput } from '#shared/contracts/plan.js';

export type Resolved =
  | { readonly outcome: 'resolved'; readonly params: JsonObject }
  | { readonly outcome: 'missing'; readonly name: string; readonly input: StepInput };

/**
 * Merges what earlier steps answered over what was known when the plan was made. Names of inputs are dotted:
 * `connection.host` goes into the member `host` of `connection`.
 */
export function resolveInputs(
  step: Pick<PlannedStep, 'params' | 'inputs'>,
  resultOf: (stepId: string) => JsonObject | undefined,
): Resolved {
  let params = step.params;
  for (const [name, input] of Object.entries(step.inputs)) {
    const value = valueAt(resultOf(input.fromStep), input.path);
    if (value === undefined) return { outcome: 'missing', name, input };
    params = withValue(params, name.split('.'), value);
  }
  return { outcome: 'resolved', params };
}

function valueAt(result: JsonValue | undefined, path: string): JsonValue | undefined {
  if (path === '') return result;
  return path.split('.').reduce<JsonValue | undefined>((value, member) => {
    return isObject(value) && Object.hasOwn(value, member) ? value[member] : undefined;
  }, result);
}

function withValue(params: JsonObject, path: readonly string[], value: JsonValue): JsonObject {
  const [member, ...rest] = path;
  if (member === undefined) return params;
  if (rest.length === 0) return { ...params, [member]: value };
  const inner = params[member];
  return { ...params, [member]: withValue(isObject(inner) ? inner : {}, rest, value) };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
