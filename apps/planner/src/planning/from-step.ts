import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import { toStepId } from '#shared/contracts/ids.js';
import type { StepInput } from '#shared/contracts/plan.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ResultOf } from '#shared/contracts/steps/step-types.js';

/** Stands in a step's params for a value that only an earlier step will know; `T` is that value's type. */
export class StepReference<T> {
  declare readonly resultType: T;
  constructor(readonly input: StepInput) {}
}

/** Type of the value at a dotted path; `''` is the whole, `never` means that there is no such path. */
export type PathValue<T, P extends string> = P extends ''
  ? T
  : P extends `${infer Head}.${infer Rest}`
    ? Head extends keyof T
      ? PathValue<NonNullable<T[Head]>, Rest>
      : never
    : P extends keyof T
      ? NonNullable<T[P]>
      : never;

type KnownPath<T, P extends string> = [PathValue<T, P>] extends [never] ? never : unknown;

/** Params of a step, any part of which may be a reference to an earlier result of the right type. */
export type WithReferences<T> =
  | StepReference<T>
  | (T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]: WithReferences<T[K]> } : T);

/**
 * The value at `path` in the result of a step: `fromStep('provision-server', 'server.host')`. Its id is its kind, unless
 * several of the kind stand in the plan.
 * A path that the result does not have, or of another type than the parameter, does not compile.
 */
export function fromStep<K extends StepKind, P extends string>(
  kind: K,
  path: P & KnownPath<ResultOf<K>, P>,
  id: string = kind,
): StepReference<PathValue<ResultOf<K>, P>> {
  return new StepReference({ fromStep: toStepId(id), path });
}

/** The whole result of an earlier step. */
export function resultOf<K extends StepKind>(kind: K): StepReference<ResultOf<K>> {
  return new StepReference({ fromStep: toStepId(kind), path: '' });
}

/** What is known now, and by dotted name what must be merged over it when the step is commanded. */
export interface SplitParams {
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, StepInput>>;
}

/** Parts params into the known and the referenced. */
export function splitParams(params: object): SplitParams {
  const inputs: Record<string, StepInput> = {};
  return { params: knownMembers(params, '', inputs), inputs };
}

function knownMembers(value: object, prefix: string, inputs: Record<string, StepInput>): JsonObject {
  const known: Record<string, JsonValue> = {};
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    if (member instanceof StepReference) inputs[prefix + name] = member.input;
    else if (isPlainObject(member)) known[name] = knownMembers(member, `${prefix}${name}.`, inputs);
    else if (member !== undefined) known[name] = member as JsonValue;
  }
  return known;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
