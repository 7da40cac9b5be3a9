export interface StackServerOptions {
  /** Registry name. */
  readonly name: string;
  readonly major: number;
  /** False: no fsync; for tests of logic. */
  readonly durable?: boolean;
}

export interface StackOptions {
  /** Servers that hold customers' databases. The ledger has one of its own. */
  readonly servers: readonly StackServerOptions[];
  readonly kafka: boolean;
  /** False: only the servers and the set-up ledger, no planner and executor. */
  readonly services: boolean;
  /** False for tests of logic. */
  readonly durable: boolean;
  /** Everything the stack writes: logs, catalogue, work root, keys. */
  readonly directory: string;
  /** Address of a provisioner that is already running, or none at all; without it the stack starts the sample one. */
  readonly provisioner?: { readonly url: string } | 'off';
  /** An administrator's address of a server that is already running, whose database of that name becomes the ledger. */
  readonly ledgerAdminUrl?: string;
  /** Major of the clusters the sample provisioner makes. */
  readonly provisionedMajor: number;
  /** Settings laid over those of the planner and the executor. */
  readonly plannerEnv?: Readonly<Record<string, string>>;
  readonly executorEnv?: Readonly<Record<string, string>>;
  /** Called before each part starts, so that nobody waits before a silent screen. */
  readonly onProgress?: (what: string) => void;
}
