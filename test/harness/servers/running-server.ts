/** A PostgreSQL server that tests, the stack and the quickstart use; whoever started it stops it. */
export interface RunningPostgres {
  readonly major: number;
  readonly host: string;
  readonly port: number;
  /** Connection string of the superuser `postgres`, database `postgres`. */
  readonly adminUrl: string;
  /** Where its files are, when it runs on this machine as a process of ours. */
  readonly dataDirectory?: string;
  /** Ends it and removes everything it wrote. */
  stop(): Promise<void>;
  /** Ends it as a power cut would; its files stay for `restart`. */
  kill9(): Promise<void>;
  /** On the same port with the same data. */
  restart(): Promise<void>;
}

export interface PostgresOptions {
  readonly major: number;
  /** False: no fsync, no synchronous commit; for tests of logic. */
  readonly durable?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface RunningKafka {
  /** `host:port`, separated by commas. */
  readonly brokers: string;
  stop(): Promise<void>;
  kill9(): Promise<void>;
  restart(): Promise<void>;
}
