import { once } from 'node:events';
import type { StepAttempt, StepDirection } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf, ResultOf } from '#shared/contracts/steps/step-types.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { FaultPoints } from '#shared/observability/fault-points.js';
import { performRun, performUndo } from '../../apps/executor/src/running/attempt.js';
import { clearOrphans } from '../../apps/executor/src/running/clear-orphans.js';
import type { Outcome } from '../../apps/executor/src/running/outcome.js';
import type { Step, StepContext } from '../../apps/executor/src/running/step.js';
import type { StepTools } from '../../apps/executor/src/running/step-tools.js';

export interface AttemptOptions<K extends StepKind> {
  readonly step: Step<K>;
  readonly params: ParamsOf<K>;
  readonly tools: StepTools;
  readonly migrationId: string;
  readonly stepId?: string;
  readonly direction?: StepDirection;
  readonly generation?: number;
  readonly attempt: number;
  readonly result?: ResultOf<K>;
  readonly progress?: StepContext<K>['progress'];
}

/** One attempt at a step, as the runner makes it, without a ledger. */
export async function attempt<K extends StepKind>(options: AttemptOptions<K>): Promise<Outcome> {
  return perform(options, contextOf(options, { lost: false }, options.tools.faults));
}

/**
 * An attempt whose process stands still for ever at a point, with everything it had open: sessions, files, locks.
 * By the time it could go on, its lease is lost.
 */
export class DeadAttempt<K extends StepKind> {
  private readonly lease = { lost: false };
  private readonly gate = new EventTarget();
  private readonly ended: Promise<Outcome>;

  private constructor(options: AttemptOptions<K>, point: string, stands: AbortController) {
    const faults: Pick<FaultPoints, 'reach'> = {
      reach: async (name) => {
        if (name !== point) return;
        stands.abort();
        await once(this.gate, 'on');
      },
    };
    this.ended = perform(options, contextOf(options, this.lease, faults));
    // Read later; until then it must not count as unhandled.
    this.ended.catch(() => undefined);
  }

  /** @throws what the attempt threw, or Error when it ended before the point. */
  static async at<K extends StepKind>(point: string, options: AttemptOptions<K>): Promise<DeadAttempt<K>> {
    const stands = new AbortController();
    const dead = new DeadAttempt(options, point, stands);
    const reached = stands.signal.aborted ? Promise.resolve() : once(stands.signal, 'abort');
    const early = dead.ended.then((outcome) => {
      if (!stands.signal.aborted) throw new Error(`the attempt ended as ${outcome.status} before ${point}`);
    });
    await Promise.race([reached, early]);
    return dead;
  }

  /** Continues the attempt after others took over. */
  wake(): Promise<Outcome> {
    this.lease.lost = true;
    this.gate.dispatchEvent(new Event('on'));
    return this.ended;
  }
}

async function perform<K extends StepKind>(options: AttemptOptions<K>, context: StepContext<K>): Promise<Outcome> {
  const { direction = 'run', generation = 1 } = options;
  const later = options.attempt > 1 || generation > 1 || direction === 'undo';
  if (later && options.step.readsOnly !== true) await clearOrphans(context);
  return direction === 'undo' ? performUndo(options.step, context) : performRun(options.step, context, false);
}

function contextOf<K extends StepKind>(
  options: AttemptOptions<K>,
  lease: { readonly lost: boolean },
  faults: Pick<FaultPoints, 'reach'>,
): StepContext<K> {
  const { migrationId, direction = 'run', generation = 1, result } = options;
  const run: StepAttempt = {
    migrationId,
    stepId: options.stepId ?? options.step.kind,
    direction,
    generation,
    attempt: options.attempt,
    fence: options.attempt,
  };
  const aborting = new AbortController();
  return {
    params: options.params,
    run,
    ...(result === undefined ? {} : { result }),
    signal: aborting.signal,
    lease: {
      check: () => {
        if (!lease.lost) return Promise.resolve();
        const lost = new RehomeError('LEASE_LOST', 'another executor owns the step');
        aborting.abort(lost);
        return Promise.reject(lost);
      },
    },
    tools: { ...options.tools, faults: faults as FaultPoints },
    progress: options.progress ?? (() => undefined),
  };
}

export function resultOf(outcome: Outcome): JsonObject {
  if (outcome.status === 'succeeded' || outcome.status === 'undone') return outcome.result;
  throw new Error(`the attempt ended as ${outcome.status}`);
}
