type SettingType = 'text' | 'integer' | 'flag' | 'list' | 'choice';

export interface SettingEntry {
  /** The environment variable. */
  readonly name: string;
  readonly type: SettingType;
  /** As it would stand in the environment. Absent: must be given, unless `optional`. */
  readonly default?: string;
  readonly optional?: true;
  readonly unit?: 'ms' | 'bytes';
  readonly minimum?: number;
  readonly choices?: readonly string[];
  /** Its value is never shown, not even in a problem. */
  readonly secret?: true;
  /** May be given as the path of a file that holds it, in the variable of this name with `_FILE` behind. */
  readonly orFile?: true;
  /** Refused when NODE_ENV is `production`. */
  readonly forTests?: true;
  readonly usedBy: readonly ('planner' | 'executor' | 'in-process')[];
  readonly description: string;
}

const BOTH = ['planner', 'executor'] as const;
const PLANNER = ['planner'] as const;
const EXECUTOR = ['executor'] as const;
/** `rehome … --in-process`, which reads those of both services too. */
const IN_PROCESS = ['in-process'] as const;

/** Every setting there is; `docs/reference/configuration.md` and this list are held together by a test. */
export const SETTINGS = {
  logLevel: {
    name: 'REHOME_LOG_LEVEL',
    type: 'choice',
    default: 'info',
    usedBy: BOTH,
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    description: 'Least severe line that is logged',
  },
  ledgerUrl: {
    name: 'REHOME_LEDGER_URL',
    type: 'text',
    secret: true,
    orFile: true,
    usedBy: BOTH,
    description:
      'Connection string of the ledger database, as the role of the service: `postgres://rehome_planner:…@host:5432/rehome`',
  },
  kafkaBrokers: {
    name: 'REHOME_KAFKA_BROKERS',
    type: 'list',
    default: '',
    usedBy: BOTH,
    description:
      'Bootstrap addresses, `host:port` separated by commas; empty at the planner: nothing is published and no step starts; at an executor: the sweep brings commands',
  },
  kafkaGroupPrefix: {
    name: 'REHOME_KAFKA_GROUP_PREFIX',
    type: 'text',
    default: 'rehome',
    usedBy: BOTH,
    description: 'Before the names of the consumer groups and clients',
  },
  kafkaReplication: {
    name: 'REHOME_KAFKA_REPLICATION',
    type: 'integer',
    default: '1',
    minimum: 1,
    usedBy: PLANNER,
    description: 'Replicas of the topics the planner creates; 3 where there are three brokers',
  },
  faultPoints: {
    name: 'REHOME_FAULT_POINTS',
    type: 'text',
    default: '',
    forTests: true,
    usedBy: BOTH,
    description: 'Places where a test lets the process die or stand still: `name=kill;name=hang:/path;name=wait:/path`',
  },
  shutdownTimeoutMs: {
    name: 'REHOME_SHUTDOWN_TIMEOUT_MS',
    type: 'integer',
    unit: 'ms',
    default: '10000',
    minimum: 0,
    usedBy: BOTH,
    description: 'After SIGTERM, how long work in hand may take before it is cut off',
  },
  plannerHost: {
    name: 'REHOME_PLANNER_HOST',
    type: 'text',
    default: '127.0.0.1',
    usedBy: PLANNER,
    description: 'Address the planner listens on',
  },
  plannerPort: {
    name: 'REHOME_PLANNER_PORT',
    type: 'integer',
    default: '8400',
    minimum: 0,
    usedBy: PLANNER,
    description: 'Port the planner listens on; 0 takes a free one',
  },
  cataloguePath: {
    name: 'REHOME_CATALOGUE',
    type: 'text',
    optional: true,
    usedBy: PLANNER,
    description: 'A `catalogue.yaml` that seeds the registry with what the ledger does not hold yet',
  },
  apiKeys: {
    name: 'REHOME_API_KEYS',
    type: 'list',
    default: '',
    secret: true,
    orFile: true,
    usedBy: PLANNER,
    description:
      'API keys to add at start, `name:role:sha256-of-the-key` separated by commas; a known name gets the new hash',
  },
  signingKey: {
    name: 'REHOME_SIGNING_KEY',
    type: 'text',
    optional: true,
    secret: true,
    usedBy: PLANNER,
    description: 'Ed25519 key that signs commands, PKCS#8 as PEM; or give REHOME_SIGNING_KEY_FILE',
  },
  signingKeyFile: {
    name: 'REHOME_SIGNING_KEY_FILE',
    type: 'text',
    optional: true,
    usedBy: PLANNER,
    description: 'File that holds the key that signs commands, as PEM, mode 0600',
  },
  bodyLimitBytes: {
    name: 'REHOME_BODY_LIMIT_BYTES',
    type: 'integer',
    unit: 'bytes',
    default: '1048576',
    minimum: 1024,
    usedBy: PLANNER,
    description: 'Largest request body',
  },
  dryRunWaitMs: {
    name: 'REHOME_DRY_RUN_WAIT_MS',
    type: 'integer',
    unit: 'ms',
    default: '30000',
    minimum: 0,
    usedBy: PLANNER,
    description: 'How long POST /v1/plans waits for the plan before it answers 202',
  },
  readerLeaseTtlMs: {
    name: 'REHOME_READER_LEASE_TTL_MS',
    type: 'integer',
    unit: 'ms',
    default: '15000',
    minimum: 500,
    usedBy: PLANNER,
    description:
      'Lease of a reader of the ledger (relay, process manager, projections): after its holder died another takes over within this time',
  },
  executorHost: {
    name: 'REHOME_EXECUTOR_HOST',
    type: 'text',
    default: '127.0.0.1',
    usedBy: EXECUTOR,
    description: 'Address the executor listens on',
  },
  executorPort: {
    name: 'REHOME_EXECUTOR_PORT',
    type: 'integer',
    default: '8401',
    minimum: 0,
    usedBy: EXECUTOR,
    description: 'Port the executor listens on; 0 takes a free one',
  },
  executorName: {
    name: 'REHOME_EXECUTOR_NAME',
    type: 'text',
    optional: true,
    usedBy: EXECUTOR,
    description: 'Owner written into leases; host name and process id when absent',
  },
  executorSite: {
    name: 'REHOME_EXECUTOR_SITE',
    type: 'text',
    default: 'default',
    usedBy: EXECUTOR,
    description: 'Executors of one site share the work root and the vault key and may continue each other’s steps',
  },
  workRoot: {
    name: 'REHOME_WORK_ROOT',
    type: 'text',
    usedBy: EXECUTOR,
    description: 'Directory for dumps and work files, absolute',
  },
  vaultKey: {
    name: 'REHOME_VAULT_KEY',
    type: 'text',
    optional: true,
    secret: true,
    usedBy: EXECUTOR,
    description: 'Key of the vault, 32 bytes as base64; or give REHOME_VAULT_KEY_FILE',
  },
  vaultKeyFile: {
    name: 'REHOME_VAULT_KEY_FILE',
    type: 'text',
    optional: true,
    usedBy: EXECUTOR,
    description: 'File that holds the key of the vault, as base64',
  },
  commandKeys: {
    name: 'REHOME_COMMAND_KEYS',
    type: 'text',
    optional: true,
    usedBy: EXECUTOR,
    description:
      'Public keys of planners whose commands are run, PEM blocks one after the other; or give REHOME_COMMAND_KEYS_FILE',
  },
  commandKeysFile: {
    name: 'REHOME_COMMAND_KEYS_FILE',
    type: 'text',
    optional: true,
    usedBy: EXECUTOR,
    description: 'File that holds the public keys of planners, as PEM',
  },
  secretRoots: {
    name: 'REHOME_SECRET_ROOTS',
    type: 'list',
    default: '',
    usedBy: EXECUTOR,
    description: 'Directories that `file:` secret references may lead into',
  },
  configRoots: {
    name: 'REHOME_CONFIG_ROOTS',
    type: 'list',
    default: '',
    usedBy: EXECUTOR,
    description: 'Directories that hold the config files of services',
  },
  backupRoots: {
    name: 'REHOME_BACKUP_ROOTS',
    type: 'list',
    default: '',
    usedBy: EXECUTOR,
    description: 'Directories that dumps may be restored from which Rehome did not make',
  },
  allowedHosts: {
    name: 'REHOME_ALLOWED_HOSTS',
    type: 'list',
    default: '',
    usedBy: EXECUTOR,
    description: 'Hosts that service drivers and the provisioner may be called at, `host` or `host:port`',
  },
  allowedPrograms: {
    name: 'REHOME_ALLOWED_PROGRAMS',
    type: 'list',
    default: '',
    usedBy: EXECUTOR,
    description: 'Absolute paths that the `command` service driver may run',
  },
  dockerHost: {
    name: 'REHOME_DOCKER_HOST',
    type: 'text',
    optional: true,
    usedBy: EXECUTOR,
    description: 'Engine that the `docker` service driver may talk to, `unix:///PATH` or `tcp://HOST:PORT`',
  },
  pgToolsDirectories: {
    name: 'REHOME_PG_TOOLS',
    type: 'list',
    default: '',
    usedBy: EXECUTOR,
    description: 'Directories searched for pg_dump and pg_restore before PATH',
  },
  provisionerUrl: {
    name: 'REHOME_PROVISIONER_URL',
    type: 'text',
    optional: true,
    usedBy: EXECUTOR,
    description: 'Base address of the provisioner',
  },
  provisionerTimeoutMs: {
    name: 'REHOME_PROVISIONER_TIMEOUT_MS',
    type: 'integer',
    unit: 'ms',
    default: '600000',
    minimum: 100,
    usedBy: EXECUTOR,
    description: 'Longest wait for the provisioner',
  },
  provisionerDeprovision: {
    name: 'REHOME_PROVISIONER_DEPROVISION',
    type: 'flag',
    default: 'false',
    usedBy: EXECUTOR,
    description: 'Whether a server is given back when its migration is taken back; otherwise it is reported',
  },
  leaseTtlMs: {
    name: 'REHOME_LEASE_TTL_MS',
    type: 'integer',
    unit: 'ms',
    default: '30000',
    minimum: 500,
    usedBy: EXECUTOR,
    description: 'Lease of a step; after its holder died another claims it within this time',
  },
  heartbeatMs: {
    name: 'REHOME_HEARTBEAT_MS',
    type: 'integer',
    unit: 'ms',
    default: '5000',
    minimum: 50,
    usedBy: EXECUTOR,
    description: 'Between two renewals of a lease',
  },
  sweepIntervalMs: {
    name: 'REHOME_SWEEP_INTERVAL_MS',
    type: 'integer',
    unit: 'ms',
    default: '10000',
    minimum: 50,
    usedBy: EXECUTOR,
    description: 'Between two looks for commands that Kafka never brought',
  },
  sweepGraceMs: {
    name: 'REHOME_SWEEP_GRACE_MS',
    type: 'integer',
    unit: 'ms',
    default: '5000',
    minimum: 0,
    usedBy: EXECUTOR,
    description: 'How long Kafka gets to bring a published command before the sweep takes it from the ledger',
  },
  healthIntervalMs: {
    name: 'REHOME_HEALTH_INTERVAL_MS',
    type: 'integer',
    unit: 'ms',
    default: '60000',
    minimum: 0,
    usedBy: EXECUTOR,
    description: 'Time between two looks at the databases of a project; 0: they are looked at on request only',
  },
  backupKeepMs: {
    name: 'REHOME_BACKUP_KEEP_MS',
    type: 'integer',
    unit: 'ms',
    default: '2592000000',
    minimum: 0,
    usedBy: EXECUTOR,
    description: 'How long the backup of a finished migration is kept in the work root',
  },
  migrationLogRoot: {
    name: 'REHOME_MIGRATION_LOG_ROOT',
    type: 'text',
    optional: true,
    usedBy: EXECUTOR,
    description: 'Directory in which every migration of a project leaves a line: `migration-<day>.log`, by UTC',
  },
  secretVariablePrefix: {
    name: 'REHOME_SECRET_VARIABLE_PREFIX',
    type: 'text',
    default: 'REHOME_SECRET_',
    usedBy: EXECUTOR,
    description: 'Only variables whose names begin so can be reached by `env:` secret references',
  },
  maxConcurrentSteps: {
    name: 'REHOME_MAX_CONCURRENT_STEPS',
    type: 'integer',
    default: '4',
    minimum: 1,
    usedBy: EXECUTOR,
    description: 'Steps that one executor runs at once',
  },
  ledgerAdminUrl: {
    name: 'REHOME_LEDGER_ADMIN_URL',
    type: 'text',
    optional: true,
    secret: true,
    usedBy: IN_PROCESS,
    description:
      'Connection string of the ledger database as an administrator, `postgres://postgres:…@host:5432/rehome`: what is missing of the ledger is made',
  },
  ledgerPlannerUrl: {
    name: 'REHOME_LEDGER_PLANNER_URL',
    type: 'text',
    optional: true,
    secret: true,
    usedBy: IN_PROCESS,
    description: 'Connection string of the ledger database as `rehome_planner`',
  },
  ledgerExecutorUrl: {
    name: 'REHOME_LEDGER_EXECUTOR_URL',
    type: 'text',
    optional: true,
    secret: true,
    usedBy: IN_PROCESS,
    description: 'Connection string of the ledger database as `rehome_executor`',
  },
} as const satisfies Readonly<Record<string, SettingEntry>>;

export type SettingKey = keyof typeof SETTINGS;
