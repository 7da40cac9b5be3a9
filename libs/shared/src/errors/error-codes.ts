/**
 * What the runner (a step) or the planner (a request) does with an error of a code.
 * `reject`: the request is answered with it. `retry`: again with back-off, within the deadline.
 * `abandon`: the step has failed, compensation decides. `halt`: nobody may guess, a person decides.
 */
export type Disposition = 'reject' | 'retry' | 'abandon' | 'halt';

interface ErrorEntry {
  readonly disposition: Disposition;
  /** Of a `retry`: so many attempts at most, also when the deadline is far. */
  readonly maxAttempts?: number;
  /** HTTP status when it is answered over REST. */
  readonly status: number;
  readonly title: string;
}

/** Closed list; `docs/reference/errors.md` and this list are held together by a test. */
export const ERROR_CODES = {
  // requests
  REQUEST_INVALID: { disposition: 'reject', status: 400, title: 'The request does not have the expected shape' },
  REQUEST_UNREADABLE: { disposition: 'reject', status: 400, title: 'The request is not JSON' },
  REQUEST_TOO_LARGE: { disposition: 'reject', status: 413, title: 'The request is too large' },
  KIND_UNKNOWN: { disposition: 'reject', status: 422, title: 'No recipe of this kind' },
  OPTION_UNSUPPORTED: { disposition: 'reject', status: 422, title: 'An option of the request is not carried out yet' },
  INSTANCE_UNKNOWN: { disposition: 'reject', status: 422, title: 'The registry holds no such instance' },
  PLAN_UNKNOWN: {
    disposition: 'reject',
    status: 422,
    title: 'The registry holds no entitlements for this subscription plan',
  },
  SERVER_UNKNOWN: { disposition: 'reject', status: 422, title: 'The registry holds no such server' },
  SERVICE_UNKNOWN: { disposition: 'reject', status: 422, title: 'The registry holds no such service' },
  PROJECT_UNKNOWN: { disposition: 'reject', status: 422, title: 'The registry holds no such project' },
  PROJECT_INVALID: { disposition: 'reject', status: 422, title: 'A project of migrations is not usable as it is' },
  COVERAGE_INCOMPLETE: {
    disposition: 'reject',
    status: 422,
    title: 'A database or an app of the project would be forgotten',
  },
  IDEMPOTENCY_KEY_REUSED: {
    disposition: 'reject',
    status: 422,
    title: 'The idempotency key was used with another body',
  },
  SUBJECT_BUSY: { disposition: 'reject', status: 409, title: 'Another migration holds the subject' },
  STATE_CONFLICT: { disposition: 'reject', status: 409, title: 'The migration is not in a state that allows this' },
  SECOND_PERSON_NEEDED: {
    disposition: 'reject',
    status: 403,
    title: 'A plan must be approved by another than who asked',
  },
  POINT_OF_NO_RETURN_PASSED: { disposition: 'reject', status: 409, title: 'The point of no return has passed' },
  NOT_FOUND: { disposition: 'reject', status: 404, title: 'Nothing here' },
  UNAUTHENTICATED: { disposition: 'reject', status: 401, title: 'No valid API key' },
  FORBIDDEN: { disposition: 'reject', status: 403, title: 'The caller may not ask for this' },
  // infrastructure
  LEDGER_UNAVAILABLE: { disposition: 'retry', status: 503, title: 'The ledger does not answer' },
  LEDGER_CONFLICT: { disposition: 'retry', status: 409, title: 'The stream moved on' },
  LEDGER_BROKEN: { disposition: 'halt', status: 500, title: 'The hash chain of the ledger is broken' },
  EVENT_INVALID: { disposition: 'abandon', status: 500, title: 'The ledger refused an event' },
  KAFKA_UNAVAILABLE: { disposition: 'retry', status: 503, title: 'Kafka does not answer' },
  CONFIGURATION_INVALID: { disposition: 'reject', status: 500, title: 'The configuration is not usable' },
  INTERNAL: { disposition: 'abandon', status: 500, title: 'Something unexpected went wrong' },
  // running
  COMMAND_INVALID: { disposition: 'reject', status: 422, title: 'The command cannot be run by this executor' },
  COMMAND_UNSIGNED: { disposition: 'reject', status: 422, title: 'A command carries no signature' },
  COMMAND_KEY_UNKNOWN: {
    disposition: 'reject',
    status: 422,
    title: 'A command is signed with a key that is not trusted',
  },
  COMMAND_SIGNATURE_INVALID: {
    disposition: 'reject',
    status: 422,
    title: 'The signature of a command does not fit it',
  },
  LEASE_LOST: { disposition: 'retry', status: 500, title: 'Another executor owns the step' },
  EXECUTOR_STOPPING: { disposition: 'retry', status: 503, title: 'The executor shuts down and gave the step back' },
  STEP_CANCELLED: { disposition: 'abandon', status: 500, title: 'The step was cancelled' },
  STEP_TIMED_OUT: { disposition: 'abandon', status: 500, title: 'The step did not finish in time' },
  DOWNTIME_EXCEEDED: {
    disposition: 'abandon',
    status: 500,
    title: 'The application was down for longer than the request allows',
  },
  STEP_INPUT_MISSING: { disposition: 'halt', status: 500, title: 'A step needs a value that no earlier step answered' },
  STEP_STATE_UNKNOWN: {
    disposition: 'halt',
    status: 500,
    title: 'After an interruption it is not known whether the step took effect',
  },
  STEP_IRREVERSIBLE: { disposition: 'halt', status: 500, title: 'The step cannot be undone' },
  // PostgreSQL
  POSTGRES_UNREACHABLE: { disposition: 'retry', status: 500, title: 'A PostgreSQL server does not answer' },
  POSTGRES_AUTHENTICATION_FAILED: {
    disposition: 'abandon',
    status: 500,
    title: 'A PostgreSQL server refused the login',
  },
  POSTGRES_TRANSIENT: { disposition: 'retry', status: 500, title: 'PostgreSQL asked to try again' },
  POSTGRES_STATEMENT_FAILED: { disposition: 'abandon', status: 500, title: 'PostgreSQL refused a statement' },
  PREFLIGHT_FAILED: { disposition: 'abandon', status: 422, title: 'Preflight checks failed' },
  DRIFT_DETECTED: { disposition: 'abandon', status: 409, title: 'The database changed since it was inspected' },
  TARGET_NOT_OURS: {
    disposition: 'abandon',
    status: 409,
    title: 'The target holds something that Rehome did not make',
  },
  FENCE_NOT_PROVEN: { disposition: 'abandon', status: 500, title: 'Somebody can still write to the fenced database' },
  TOOL_MISSING: { disposition: 'abandon', status: 500, title: 'A PostgreSQL client tool is missing' },
  TOOL_FAILED: { disposition: 'abandon', status: 500, title: 'A PostgreSQL client tool failed' },
  BACKUP_UNKNOWN: { disposition: 'abandon', status: 404, title: 'The backup catalogue holds no such backup' },
  BACKUP_NEEDED: { disposition: 'abandon', status: 409, title: 'A backup is still needed' },
  BACKUP_UNPROVABLE: { disposition: 'abandon', status: 422, title: 'A backup holds no record to prove it by' },
  BACKUP_DAMAGED: { disposition: 'abandon', status: 500, title: 'A backup does not match its manifest' },
  MIGRATION_FAILED: { disposition: 'abandon', status: 500, title: 'A script of a project failed' },
  BASELINE_DIFFERS: {
    disposition: 'abandon',
    status: 409,
    title: 'What stands there is not what the migrations to be recorded would have made',
  },
  VERIFICATION_FAILED: { disposition: 'abandon', status: 500, title: 'Source and copy disagree' },
  CONNECTIONS_NOT_MOVED: {
    disposition: 'abandon',
    status: 500,
    title: 'The application does not connect to the target',
  },
  // services, files, provisioner, secrets
  SERVICE_UNREACHABLE: { disposition: 'retry', status: 500, title: 'The service does not answer its control calls' },
  SERVICE_REFUSED: { disposition: 'abandon', status: 500, title: 'The service refused a control call' },
  SERVICE_ANSWER_INVALID: {
    disposition: 'retry',
    status: 502,
    title: 'The service answered a control call with nonsense',
  },
  SERVICE_NOT_STOPPED: { disposition: 'abandon', status: 500, title: 'The service did not stop in time' },
  SERVICE_NOT_HEALTHY: { disposition: 'abandon', status: 500, title: 'The service did not become healthy in time' },
  ADDRESS_NOT_ALLOWED: { disposition: 'abandon', status: 422, title: 'The host is not among the configured ones' },
  COMMAND_NOT_ALLOWED: { disposition: 'abandon', status: 422, title: 'The program is not on the allow-list' },
  COMMAND_FAILED: { disposition: 'abandon', status: 500, title: 'A program of the project did not succeed' },
  PATH_NOT_ALLOWED: { disposition: 'abandon', status: 422, title: 'The path is outside the configured roots' },
  CONFIG_FILE_MISSING: { disposition: 'abandon', status: 422, title: 'The configuration file does not exist' },
  CONFIG_KEY_MISSING: { disposition: 'abandon', status: 422, title: 'The configuration file does not hold a key' },
  CONFIG_FILE_CHANGED: { disposition: 'abandon', status: 409, title: 'Somebody else changed the configuration file' },
  CONFIG_FILE_UNREADABLE: { disposition: 'abandon', status: 422, title: 'The configuration file cannot be understood' },
  CONFIG_VALUE_UNWRITABLE: { disposition: 'abandon', status: 422, title: 'The configuration file cannot hold a value' },
  CONNECTION_STRING_UNUSABLE: { disposition: 'abandon', status: 422, title: 'A connection string cannot be edited' },
  PROVISIONER_UNAVAILABLE: {
    disposition: 'retry',
    maxAttempts: 7,
    status: 502,
    title: 'The provisioner does not answer',
  },
  PROVISIONER_ANSWER_INVALID: {
    disposition: 'retry',
    maxAttempts: 7,
    status: 502,
    title: 'The provisioner answered nonsense',
  },
  PROVISIONER_REFUSED: { disposition: 'abandon', status: 502, title: 'The provisioner refused' },
  SECRET_MISSING: { disposition: 'abandon', status: 422, title: 'A secret reference leads nowhere' },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof ERROR_CODES;
