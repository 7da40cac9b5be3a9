import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { RehomeError } from '../errors/rehome-error.js';
import { traceLogFields } from './trace-context.js';
import { activeTraceparent } from './tracing.js';

/** Constant message, ids and durations in fields: `logger.info({ migrationId, durationMs }, 'migration completed')`. */
export type Logger = PinoLogger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  /** Program that speaks: `planner`, `executor`. */
  readonly name: string;
  readonly level: LogLevel;
  /** Standard output when absent. */
  readonly destination?: DestinationStream;
}

const SECRET_FIELDS = [
  'password',
  'db_password',
  'adminPassword',
  'secret',
  'authorization',
  'apiKey',
  'passwords',
  'token',
];

/** Fields that never reach a log, at the top and two levels down. */
const REDACTED = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

// `scheme://user:password@host`: the password may hold anything but blanks, quotes and slashes.
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*:)[^\s/"']*@/gi;

/** Takes the password out of every URL in a text. */
export function scrubUrls(text: string): string {
  return text.replace(URL_PASSWORD, '$1[redacted]@');
}

function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { detail: String(error) };
  return {
    type: error.name,
    detail: error.message,
    ...(error instanceof RehomeError
      ? { code: error.code, sqlState: error.sqlState, facts: error.facts }
      : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  };
}

/**
 * One JSON object per line. Secrets are kept out twice: by field name before a line is made, and by the
 * shape of a URL with a password in the finished line, whatever field or error message it came in. A line that is
 * written within a span carries its `trace_id` and `span_id`: the caller's while no traces are recorded.
 */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      name: options.name,
      level: options.level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[redacted]' },
      serializers: { err: errorFields, error: errorFields },
      mixin: () => traceLogFields(activeTraceparent()),
      hooks: { streamWrite: scrubUrls },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

/** Says nothing; for tests and for callers that were given no logger. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
