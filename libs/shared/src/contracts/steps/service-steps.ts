import type {
  ConfigFileDefinition,
  DatabaseAddress,
  SecretFileDefinition,
  SecretRef,
  ServiceDefinition,
} from '../registry.js';
import type { VerifyCopyResult } from './verification-steps.js';

/** Stops the service and confirms that it is stopped. Undo starts it and waits until it is healthy. */
export interface StopServiceParams {
  readonly service: ServiceDefinition;
}

export interface StopServiceResult {
  readonly stateBefore: string;
  readonly confirmedState: string;
}

/** What the application must connect to. The password is a reference; without one it is left as it is. */
export interface ConnectionValues {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly secretRef?: SecretRef;
  readonly database: string;
}

/** Edits only the named keys, keeps every other byte, compares and swaps on the hash. */
export interface EditConfigParams {
  readonly file: ConfigFileDefinition;
  readonly connection: ConnectionValues;
}

export interface EditConfigResult {
  readonly path: string;
  readonly changedKeys: readonly string[];
  readonly hashBefore: string;
  readonly hashAfter: string;
  /** Host and port that stood in the file before; null when the file did not name them. */
  readonly hostBefore: string | null;
  readonly hostAfter: string | null;
  /** Where the password that stood in the file is kept, when it was replaced: a return writes it again. */
  readonly previousSecretRef?: SecretRef;
}

/** Writes the password into a file of its own, mode 0600; an existing file keeps its owner. Undo puts back what was there. */
export interface WriteSecretFileParams {
  readonly file: SecretFileDefinition;
  readonly secretRef: SecretRef;
}

export interface WriteSecretFileResult {
  readonly path: string;
  /** Whether it was there before. No hash is told: a password could be guessed from it. */
  readonly existed: boolean;
  /** Whether it held another password. */
  readonly differs: boolean;
}

export interface SetEnvironmentParams {
  readonly service: ServiceDefinition;
  readonly connection: ConnectionValues;
  /** What the undo sets again. */
  readonly previous: ConnectionValues;
}

export interface SetEnvironmentResult {
  readonly variables: readonly string[];
}

export interface ServiceResources {
  readonly cpu?: number;
  readonly memory?: string;
  readonly storage?: string;
}

export interface ResizeServiceParams {
  readonly service: ServiceDefinition;
  readonly resources: ServiceResources;
  /** Those of the plan the tenant comes from; the undo applies them. */
  readonly previous: ServiceResources;
}

export interface ResizeServiceResult {
  readonly resources: ServiceResources;
}

/**
 * Starts the service and waits until it is healthy. Undo stops it, fences the target and hashes it again:
 * equal to `verified` means nothing was written and the move can be taken back.
 */
export interface StartServiceParams {
  readonly service: ServiceDefinition;
  /** Absent when the start is not part of a move. */
  readonly target?: DatabaseAddress;
  readonly verified?: VerifyCopyResult;
}

export interface StartServiceResult {
  readonly state: string;
  readonly healthyAfterMs: number;
}
