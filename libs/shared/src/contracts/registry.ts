/**
 * What the registry holds. Every definition arrives by `catalogue.yaml` or REST (validated by the
 * classes in `requests/registry.request.ts`), lives as an event and travels inside plans and commands.
 * Secrets are references: `env:NAME`, `file:PATH`, `vault:NAME`; only the executor resolves them.
 */
export type SecretRef = string;

export type DbType = 'shared' | 'dedicated';

export interface ServerDefinition {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The administrator: superuser, or CREATEDB, CREATEROLE and pg_signal_backend. */
  readonly adminUser: string;
  readonly adminSecretRef: SecretRef;
  /** Only executors of this site may run steps that need the server's files. */
  readonly site?: string;
  /** How many steps that read or write whole databases may work on this server at once; 4 when silent. */
  readonly maxConcurrentSteps?: number;
}

export interface EntitlementsDefinition {
  readonly plan: string;
  /** Missing means shared. */
  readonly dbType?: DbType;
  /** Cores. */
  readonly cpu?: number;
  /** With unit, as the service's driver takes it: `4Gi`. */
  readonly memory?: string;
  readonly storage?: string;
}

/** Names of the keys (config file) or variables (environment) that carry the connection. */
export interface ConnectionKeys {
  readonly host?: string;
  readonly port?: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  /**
   * Key whose value is a connection string: URI or keyword string of libpq, JDBC, SQLAlchemy. Only host, port, user,
   * password and database are replaced in it, and of these only what has no key of its own or stands in it already.
   */
  readonly url?: string;
}

/** Variables of an environment; controllers do not tell what is set, so a connection string is made of a template. */
export interface EnvironmentKeys extends ConnectionKeys {
  /** `postgresql://{user}:{password}@{host}:{port}/{database}?sslmode=require`; each part is encoded as it needs. */
  readonly urlTemplate?: string;
}

export type ConfigFileFormat = 'ini' | 'env' | 'properties' | 'yaml';

export interface ConfigFileDefinition {
  /** Absolute, inside one of the executor's configured roots. May hold `{database}` and `{instanceId8}`. */
  readonly path: string;
  readonly format: ConfigFileFormat;
  /**
   * INI: the section, `options` for Odoo; missing: the keys before the first one. YAML: the number of a document, from 1;
   * missing: whichever holds the keys.
   */
  readonly section?: string;
  readonly keys: ConnectionKeys;
}

/** A file that holds the password and nothing else, as Docker and Kubernetes hand secrets to applications. */
export interface SecretFileDefinition {
  /** As of a config file. */
  readonly path: string;
  /** `0640` for an application that reads it by its group; 0600 when absent. */
  readonly mode?: '0600' | '0640';
}

export interface HttpServiceDriver {
  readonly driver: 'http';
  /** Base address, without a trailing slash. May hold `{database}` and `{instanceId8}`. */
  readonly url: string;
}

export interface CommandServiceDriver {
  readonly driver: 'command';
  /** argv of each verb; every argv[0] must be allow-listed at the executor. No shell. */
  readonly commands: {
    readonly stop: readonly string[];
    readonly start: readonly string[];
    /** Exit 0 running, 3 stopped (as `systemctl is-active`), anything else unknown. */
    readonly status: readonly string[];
    /** Gets the variables as NAME=VALUE lines on standard input. */
    readonly environment?: readonly string[];
    /** Gets `{"cpu","memory","storage"}` as JSON on standard input. */
    readonly resources?: readonly string[];
  };
}

/** A container, or a replicated service of a swarm, of the engine that the executor's REHOME_DOCKER_HOST names. */
export interface DockerServiceDriver {
  readonly driver: 'docker';
  /** Name of the container; this or `service`. May hold `{database}` and `{instanceId8}`. */
  readonly container?: string;
  /** Name of the swarm service. */
  readonly service?: string;
}

export interface ServiceDefinition {
  /** Unique. May hold `{database}` and `{instanceId8}`: one definition serves every tenant. */
  readonly name: string;
  readonly control: HttpServiceDriver | CommandServiceDriver | DockerServiceDriver;
  readonly configFiles: readonly ConfigFileDefinition[];
  readonly secretFile?: SecretFileDefinition;
  /** Variables set beside the config files, for consistency (source c: many applications ignore them). */
  readonly environment?: EnvironmentKeys;
  /** How long stop, and start until healthy, may take; 60 000 and 120 000 when silent. */
  readonly stopTimeoutMs?: number;
  readonly startTimeoutMs?: number;
  readonly site?: string;
}

/** A publisher of requests: what a `ce_source` may ask for. One that is not registered may ask for nothing. */
export interface SourceDefinition {
  /** `*` stands for every publisher that has no entry of its own. */
  readonly source: string;
  /** Kinds of request; `*` for all, none to take every right back. */
  readonly kinds: readonly string[];
}

/** What the plans that it matches must wait for. */
export interface PolicyDefinition {
  readonly name: string;
  /** A plan matches when it fits every list that is given; without any, every plan. */
  readonly match: {
    readonly kinds?: readonly string[];
    /** Registry names of servers that hold a database which the plan touches. */
    readonly servers?: readonly string[];
    /** Subscription plans that an upgrade leads to. */
    readonly plans?: readonly string[];
  };
  readonly approval: 'required' | 'none';
  /** The approver must be another than who asked. */
  readonly fourEyes?: boolean;
}

/** A tenant. */
export interface InstanceDefinition {
  readonly instanceId: string;
  /** Subscription plan, a key of the entitlements. */
  readonly plan: string;
  /** Registry name of the server that holds the database. */
  readonly server: string;
  readonly database: string;
  /** Role the application logs in as; owns the database. */
  readonly owner: string;
  /** Registry name of the service; templates are filled per instance. */
  readonly service: string;
  readonly dbType: DbType;
  /** The application role's password, for consumers that ask; moves with the tenant. */
  readonly secretRef?: SecretRef;
}

/** How to reach a server as its administrator. Self-contained: plans carry it resolved. */
export interface ServerEndpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly adminUser: string;
  readonly adminSecretRef: SecretRef;
  readonly maxConcurrentSteps?: number;
}

export interface DatabaseAddress {
  readonly server: ServerEndpoint;
  readonly database: string;
}
