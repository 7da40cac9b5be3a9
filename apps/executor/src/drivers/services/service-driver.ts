import type { ServiceResources } from '#shared/contracts/steps/service-steps.js';

/** What a service says of itself. */
export interface ServiceState {
  /** `running`, `stopped`, or another word of the controller's own: `starting`, `exited`, … */
  readonly state: string;
  /** The application answers its own health check; absent when the controller does not look. */
  readonly healthy?: boolean;
  /** Starts that nobody asked for, since the controller knows the service. */
  readonly restarts?: number;
  /** Of the last process that ended by itself. */
  readonly exitCode?: number;
}

/**
 * Controls one service. Every call may be made twice: `stop` and `start` name a state to reach, and answer before it
 * is reached; `stopAndConfirm` and `startUntilHealthy` wait for it.
 * All throw SERVICE_UNREACHABLE, SERVICE_REFUSED, SERVICE_ANSWER_INVALID, and what the policy refuses.
 */
export interface ServiceDriver {
  stop(signal: AbortSignal): Promise<void>;
  start(signal: AbortSignal): Promise<void>;
  status(signal: AbortSignal): Promise<ServiceState>;
  /** Sets these variables and keeps all others; they hold from the next start on. */
  setEnvironment(variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  resize(resources: ServiceResources, signal: AbortSignal): Promise<void>;
  /** What the application printed, newest last, for evidence; empty when the driver has no way to know. */
  logs(since: Date, signal: AbortSignal): Promise<string>;
}
