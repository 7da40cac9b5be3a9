/** Tells whoever started this process that it can be used: one line of JSON on standard output. */
export function printLine(facts: object): void {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

/**
 * Resolves at SIGTERM or SIGINT. The listeners stay: with `once` the signal-exit of testcontainers would find itself
 * alone and end the process before it has cleaned up.
 */
export function untilToldToEnd(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
  });
}

/** Ends this process with its parent, also when that is killed: the parent holds our standard input open. */
export function endWithParent(): void {
  process.stdin.resume().once('close', () => process.kill(process.pid, 'SIGTERM'));
}
