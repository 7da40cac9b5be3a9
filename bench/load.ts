/** What a round of many callers showed. */
export interface Load {
  readonly perSecond: number;
  /** Of every call, ms. */
  readonly latencies: readonly number[];
}

/** Lets so many callers repeat a call for a while, each waiting for its own answer. */
export async function callersFor(ms: number, callers: number, once: () => Promise<unknown>): Promise<Load> {
  const began = performance.now();
  const latencies: number[] = [];
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let at = performance.now(); at - began < ms;) {
        await once();
        const now = performance.now();
        latencies.push(now - at);
        at = now;
      }
    }),
  );
  return { perSecond: latencies.length / ((performance.now() - began) / 1_000), latencies };
}
