import { once } from 'node:events';

/** Tells whoever started this process that it can be used: one line of JSON on standard output. */
export function printLine(facts: object): void {
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

/** Resolves at SIGTERM or SIGINT. */
export async function untilToldToEnd(): Promise<void> {
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
}

/** Ends this process with its parent, also when that is killed: the parent holds our standard input open. */
export function endWithParent(): void {
  process.stdin.resume().once('close', () => process.kill(process.pid, 'SIGTERM'));
}
