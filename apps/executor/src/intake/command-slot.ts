import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { StepCommand } from './step-command.js';

/** Kinds that load a server for long, with the params field that names it. */
const HEAVY: Readonly<Partial<Record<StepKind, 'source' | 'server'>>> = {
  'dump-database': 'source',
  'restore-database': 'server',
  'verify-copy': 'source',
};

/** How many heavy steps one server bears at once, over all executors. */
const HEAVY_STEPS_PER_SERVER = 4;

/** The concurrency budget a command draws on: one per server for what reads or writes whole databases. */
export function slotOf({ kind, params }: StepCommand): { key: string; capacity: number } | undefined {
  const field = HEAVY[kind];
  const name = field === undefined ? undefined : serverName(params[field]);
  return name === undefined ? undefined : { key: `server:${name}:bulk`, capacity: HEAVY_STEPS_PER_SERVER };
}

/** Of a ServerEndpoint, or of a DatabaseAddress that holds one. */
function serverName(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('server' in value) return serverName(value.server);
  return 'name' in value && typeof value.name === 'string' ? value.name : undefined;
}
