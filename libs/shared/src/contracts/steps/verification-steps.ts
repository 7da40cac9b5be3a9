import type { DatabaseAddress, ServerEndpoint, ServiceDefinition } from '../registry.js';

/** Proves that source and copy agree: rows and content of every table, sequences, large objects, structure. */
export interface VerifyCopyParams {
  readonly source: DatabaseAddress;
  readonly server: ServerEndpoint;
  readonly workingName: string;
  readonly role: string;
  readonly sourceOwner: string;
  readonly jobs: number;
  /** The backup that the copy was restored from: agreement proves it, too. */
  readonly backupId?: string;
}

/** One disagreement, named so that a person finds it: `{object: "public.res_partner", aspect: "rows", source: "40", target: "39"}`. */
export interface Mismatch {
  readonly object: string;
  readonly aspect: string;
  readonly source: string;
  readonly target: string;
}

export interface VerifyCopyResult {
  readonly tables: number;
  readonly rows: string;
  readonly sequences: number;
  readonly largeObjects: number;
  /** Objects compared structurally. */
  readonly objects: number;
  readonly mismatches: number;
  /** SHA-256 over every table's name, count and content hash, in name order; equal contents give equal digests. */
  readonly contentDigest: string;
  readonly structureDigest: string;
  /** Largest tables first, at most 20; the whole list is in the step's evidence. */
  readonly largest: readonly { readonly table: string; readonly rows: string; readonly hash: string }[];
}

/** The application connects to the target, and no session of its is left at the source. */
export interface VerifyConnectionsParams {
  readonly source: DatabaseAddress;
  readonly target: DatabaseAddress;
  readonly role: string;
  readonly service: ServiceDefinition;
  /** How long the service must stay up without a restart, ms. */
  readonly stableForMs: number;
  /** How long it may take to open its first connection after it is healthy, ms; 20 000 when silent. */
  readonly connectWithinMs?: number;
}

export interface VerifyConnectionsResult {
  /** Sessions at the source database, ours excepted. */
  readonly old: number;
  readonly new: number;
  /** Sessions of the target by state: `{"idle": 3}`. */
  readonly states: Readonly<Record<string, number>>;
  readonly serviceState: string;
}
