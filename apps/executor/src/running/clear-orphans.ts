import type { StepAttempt } from '#shared/contracts/events.js';
import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import type { ServerEndpoint } from '#shared/contracts/registry.js';
import { asJsonObject, type StepKind } from '#shared/contracts/steps/step-kinds.js';
import { terminateOrphans } from '../postgres/orphans.js';
import { processRecord } from '../postgres/run-tool.js';
import { runDigits, type SessionOwner } from '../postgres/session-name.js';
import { endRecordedProcess } from '../postgres/tool-process.js';
import { MAINTENANCE_DATABASE, withAdmin } from '../steps/step-session.js';
import { runDirectory } from './run-directory.js';
import type { StepContext } from './step.js';

const TERMINATE_TIMEOUT_MS = 30_000;
/** Above any fence: every session of a run that is over is an orphan. */
const EVERY_FENCE = 999_999_999_999_999;

/**
 * Ends what earlier attempts left behind, before anything is probed: tools on this host, then their sessions and
 * ours on every server that the params name. A statement of a dead attempt can take effect until then.
 */
export async function clearOrphans(context: StepContext<StepKind>): Promise<void> {
  const { run, signal, tools } = context;
  for (const key of ancestorsOf(run)) {
    await endRecordedProcess(processRecord(runDirectory(tools.workRoot, key)), signal);
  }
  const owners = ancestorsOf(run).map((key) => ownerOf(key, run));
  for (const server of serversIn(asJsonObject(context.params))) {
    await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
      for (const owner of owners) await terminateOrphans(session, owner, { signal, timeoutMs: TERMINATE_TIMEOUT_MS });
    });
  }
}

/** This run, and every earlier run of the step: other generations, and the run that an undo takes back. */
export function ancestorsOf(run: StepAttempt): Omit<StepAttempt, 'attempt' | 'fence'>[] {
  const { migrationId, stepId, direction, generation } = run;
  const generations = Array.from({ length: generation }, (_, index) => index + 1);
  const directions = direction === 'undo' ? (['run', 'undo'] as const) : (['run'] as const);
  return directions.flatMap((way) =>
    generations.map((number) => ({ migrationId, stepId, direction: way, generation: number })),
  );
}

function ownerOf(key: Omit<StepAttempt, 'attempt' | 'fence'>, run: StepAttempt): SessionOwner {
  const own = key.direction === run.direction && key.generation === run.generation;
  return { digits: runDigits(key), fence: own ? run.fence : EVERY_FENCE };
}

/** Every server endpoint anywhere in the params, each once. */
export function serversIn(params: JsonObject): ServerEndpoint[] {
  const found = new Map<string, ServerEndpoint>();
  visit(params, (server) => found.set(`${server.host}:${String(server.port)}`, server));
  return [...found.values()];
}

function visit(value: JsonValue | undefined, found: (server: ServerEndpoint) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (isServerEndpoint(value)) {
    found(value);
    return;
  }
  for (const item of Object.values(value)) visit(item, found);
}

function isServerEndpoint(value: object): value is ServerEndpoint {
  return 'host' in value && 'port' in value && 'adminUser' in value && 'adminSecretRef' in value;
}
