import type { EventTypes, StepDirection, StepRunKey } from '#shared/contracts/events.js';
import { toMigrationId, toStepId } from '#shared/contracts/ids.js';
import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import { isStepKind, STEP_VERSIONS } from '#shared/contracts/steps/step-kinds.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { parseParams } from '../steps/params-shape.js';

export type StepCommand = EventTypes['StepCommanded'];
export type StepCancelCommand = EventTypes['StepCancelCommanded'];

/** A command that names its run, whatever else is wrong with it: the answer can go to the run's stream. */
export type ParsedCommand =
  | { readonly valid: true; readonly command: StepCommand }
  | { readonly valid: false; readonly command: StepCommand; readonly because: RehomeError };

/**
 * Reads the data of StepCommanded. What this executor cannot run comes back as not valid.
 * @throws RehomeError COMMAND_INVALID when it does not even name its run: nobody could be told.
 */
export function parseStepCommand(data: JsonValue): ParsedCommand {
  const object = asObject(data);
  const command = { ...object, ...parseKey(object) } as unknown as StepCommand;
  const because = fault(object);
  return because === undefined ? { valid: true, command } : { valid: false, command, because };
}

/** Which run a command is about, whatever else it says. @throws RehomeError COMMAND_INVALID when it names none. */
export function parseRunKey(data: JsonValue): StepRunKey {
  return parseKey(asObject(data));
}

/** @throws RehomeError COMMAND_INVALID */
export function parseStepCancel(data: JsonValue): StepCancelCommand {
  const object = asObject(data);
  const { reason } = object;
  return { ...parseKey(object), reason: typeof reason === 'string' ? reason : 'cancelled' };
}

function fault({ kind, version, params, timeoutMs }: JsonObject): RehomeError | undefined {
  if (typeof kind !== 'string' || !isStepKind(kind))
    return invalid(`this executor knows no step of kind ${show(kind)}; update it`);
  if (version !== STEP_VERSIONS[kind]) {
    return invalid(
      `this executor has version ${String(STEP_VERSIONS[kind])} of ${kind}, the plan wants ${show(version)}; plan again`,
    );
  }
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) return invalid('timeoutMs must be a positive number');
  if (!isObject(params)) return invalid('params must be an object');
  try {
    parseParams(kind, params);
    return undefined;
  } catch (error) {
    if (error instanceof RehomeError) return error;
    throw error;
  }
}

function parseKey({ migrationId, stepId, direction, generation }: JsonObject): StepRunKey {
  try {
    return {
      migrationId: toMigrationId(textOf(migrationId)),
      stepId: toStepId(textOf(stepId)),
      direction: parseDirection(direction),
      generation: parseGeneration(generation),
    };
  } catch (error) {
    if (error instanceof RangeError) throw invalid(`the command names no run: ${error.message}`);
    throw error;
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : show(value);
}

function parseDirection(value: JsonValue | undefined): StepDirection {
  if (value === 'run' || value === 'undo') return value;
  throw new RangeError(`direction ${show(value)} is neither run nor undo`);
}

function parseGeneration(value: JsonValue | undefined): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw new RangeError(`generation ${show(value)} is not a whole number from 1`);
}

function asObject(data: JsonValue): JsonObject {
  if (isObject(data)) return data;
  throw invalid('the data of a command must be an object');
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: JsonValue | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function invalid(detail: string): RehomeError {
  return new RehomeError('COMMAND_INVALID', detail);
}
