import type { Session } from '../../postgres/session.js';

/** Fewer schemas are done one after the other: opening sessions would take longer. */
export const PARALLEL_FROM = 8;
/** Measured on two cores: the server, not the wire, is what there is to wait for. */
const SESSIONS = 4;

export interface SchemaWorkers {
  open(): Promise<Session>;
  /** Works on one schema; waits for no lock any more once `ending` is aborted. */
  work(session: Session, schema: string, ending: AbortSignal): Promise<void>;
  /** Whether a failure of `work` may be the doing of the other sessions, and is worth a try alone. */
  mayBeOthers(error: unknown): boolean;
}

/**
 * Works over schemas in a few sessions at once. The first failure ends it: others finish what they are at, unless a lock
 * is in its way. What may have failed because others worked on the same objects (`create or replace function public.f`)
 * is tried once more alone.
 * @throws what the work threw
 */
export async function overSchemas(schemas: readonly string[], workers: SchemaWorkers): Promise<void> {
  let left = [...schemas];
  while (left.length > 0) {
    if (left.length < PARALLEL_FROM) {
      await oneByOne(left, workers);
      return;
    }
    const { troubled, untouched } = await inParallel(left, workers);
    await oneByOne(troubled, workers);
    left = untouched;
  }
}

async function oneByOne(schemas: readonly string[], workers: SchemaWorkers): Promise<void> {
  if (schemas.length === 0) return;
  const session = await workers.open();
  const { signal } = new AbortController();
  try {
    for (const schema of schemas) await workers.work(session, schema, signal);
  } finally {
    await session.end().catch(() => undefined);
  }
}

interface ParallelEnd {
  readonly troubled: string[];
  readonly untouched: string[];
}

async function inParallel(schemas: readonly string[], workers: SchemaWorkers): Promise<ParallelEnd> {
  const queue = [...schemas];
  const troubled: string[] = [];
  const ending = new AbortController();
  const worker = async (): Promise<void> => {
    const session = await workers.open();
    try {
      while (troubled.length === 0 && !ending.signal.aborted) {
        const schema = queue.shift();
        if (schema === undefined) return;
        await workers.work(session, schema, ending.signal).catch((error: unknown) => {
          if (!workers.mayBeOthers(error)) throw error;
          troubled.push(schema);
        });
      }
    } finally {
      await session.end().catch(() => undefined);
    }
  };
  const failed = (error: unknown): void => {
    ending.abort(error);
  };
  await Promise.all(Array.from({ length: SESSIONS }, () => worker().catch(failed)));
  ending.signal.throwIfAborted();
  return { troubled, untouched: queue };
}
