import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { StepCommand } from './step-command.js';

/** Kinds that load a server for long, with the params field that names it. */
const HEAVY: Readonly<Partial<Record<StepKind, 'source' | 'server'>>> = {
  'dump-database': 'source',
  'restore-database': 'server',
  'verify-copy': 'source',
  'back-up-database': 'source',
  'verify-backup': 'server',
  'restore-backup': 'server',
  'restore-file': 'server',
  'verify-restore': 'server',
};

/** How many heavy steps one server bears at once, over all executors, when its definition is silent. */
const HEAVY_STEPS_PER_SERVER = 4;

/** The concurrency budget a command draws on: one per server for what reads or writes whole databases. */
export function slotOf({ kind, params }: StepCommand): { key: string; capacity: number } | undefined {
  const field = HEAVY[kind];
  const server = field === undefined ? undefined : serverIn(params[field]);
  if (server === undefined || typeof server['name'] !== 'string') return undefined;
  const { maxConcurrentSteps: own } = server;
  return { key: `server:${server['name']}:bulk`, capacity: typeof own === 'number' ? own : HEAVY_STEPS_PER_SERVER };
}

/** A ServerEndpoint, or that of a DatabaseAddress. */
function serverIn(value: JsonValue | undefined): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || isList(value)) return undefined;
  return 'server' in value ? serverIn(value['server']) : value;
}

function isList(value: JsonObject | readonly JsonValue[]): value is readonly JsonValue[] {
  return Array.isArray(value);
}
