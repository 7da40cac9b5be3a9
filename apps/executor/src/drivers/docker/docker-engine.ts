import Docker from 'dockerode';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Redactor } from '../../secrets/redact.js';

/** Which engine may be asked, from the configuration only: whoever may talk to an engine owns its host. */
export interface DockerPolicy {
  /** `unix:///var/run/docker.sock` or `tcp://host:port`. */
  readonly host: string | undefined;
  readonly redactor: Redactor;
  /** Of one call; 60 000 when silent: a stop waits for the container's own grace time. */
  readonly timeoutMs?: number;
}

/** @throws RehomeError ADDRESS_NOT_ALLOWED when no engine is configured. */
export function connectEngine({ host, timeoutMs = 60_000 }: DockerPolicy): Docker {
  if (host === undefined) {
    throw new RehomeError(
      'ADDRESS_NOT_ALLOWED',
      'this executor may talk to no Docker engine; name one in REHOME_DOCKER_HOST, or give the service another driver',
    );
  }
  if (host.startsWith('unix://')) return new Docker({ socketPath: host.slice('unix://'.length), timeout: timeoutMs });
  const { hostname, port } = new URL(host);
  return new Docker({ protocol: 'http', host: hostname, port: Number(port || '2375'), timeout: timeoutMs });
}

/** HTTP status of an answer of the engine; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** Where a call was made, for its errors. */
export interface EngineCall {
  readonly what: string;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
}

/**
 * Makes one call; `tolerated` statuses answer undefined.
 * @throws RehomeError SERVICE_UNREACHABLE without an answer, SERVICE_REFUSED with one that says no; the signal's reason.
 */
export async function ask<T>(
  { what, redactor, signal }: EngineCall,
  call: () => Promise<T>,
  tolerated: readonly number[] = [],
): Promise<T | undefined> {
  signal.throwIfAborted();
  try {
    return await call();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RehomeError) throw error;
    const status = statusOf(error);
    if (status !== undefined && tolerated.includes(status)) return undefined;
    const said = redactor.clean(error instanceof Error ? error.message.trim() : 'unknown');
    if (status === undefined) {
      throw new RehomeError('SERVICE_UNREACHABLE', `${what}: the Docker engine does not answer (${said})`, {
        cause: error,
      });
    }
    throw new RehomeError('SERVICE_REFUSED', `${what} was refused by the Docker engine: ${said}`, {
      facts: { status },
    });
  }
}
