import { createHash } from 'node:crypto';
import type { StepAttempt, StepRunKey } from '#shared/contracts/events.js';

/** Eight hexadecimal digits of a run: the same for every attempt at it, of the same direction and generation. */
export function runDigits(run: StepRunKey): string {
  const key = [run.migrationId, run.stepId, run.direction, String(run.generation)].join('/');
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

/** `application_name` of an attempt's sessions: `rehome:1a2b3c4d:7`, far below the 63 bytes that are kept. */
export function sessionName(run: StepAttempt): string {
  return formatSessionName({ digits: runDigits(run), fence: run.fence });
}

export interface SessionOwner {
  /** Of the run, see `runDigits`. */
  readonly digits: string;
  readonly fence: number;
}

const SESSION_NAME = /^rehome:([0-9a-f]{8}):([0-9]{1,15})$/;

/** @throws RangeError when the digits are not eight hexadecimal ones or the fence is not a whole number from 0. */
export function formatSessionName(owner: SessionOwner): string {
  const name = `rehome:${owner.digits}:${String(owner.fence)}`;
  if (!SESSION_NAME.test(name)) throw new RangeError(`"${name}" is not a session name`);
  return name;
}

/** Whose session it is; undefined for a session that is not ours. */
export function parseSessionName(name: string): SessionOwner | undefined {
  const match = SESSION_NAME.exec(name);
  if (!match?.[1] || !match[2]) return undefined;
  return { digits: match[1], fence: Number(match[2]) };
}
