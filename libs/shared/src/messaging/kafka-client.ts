import { type Admin, Kafka, type KafkaConfig, type logCreator, logLevel, type RetryOptions } from 'kafkajs';
import { RehomeError } from '../errors/rehome-error.js';
import type { Logger } from '../observability/logger.js';

export interface KafkaAddress {
  /** `host:port` of the bootstrap brokers. */
  readonly brokers: readonly string[];
  /** Shown by brokers in their logs and quotas. */
  readonly clientId: string;
  readonly tls?: boolean;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

/** A request that takes longer has failed; well below the lease of the relay. */
const REQUEST_TIMEOUT_MS = 5_000;
const CONNECTION_TIMEOUT_MS = 2_000;

/** Enough for a coordinator that has just started; what lasts longer is the business of whoever called. */
export const PATIENT: RetryOptions = {
  retries: 5,
  initialRetryTime: 100,
  multiplier: 2,
  factor: 0.2,
  maxRetryTime: 500,
};
/** For a producer, which is rebuilt after an error; kafkajs wants at least one retry from an idempotent one. */
export const HASTY: RetryOptions = { retries: 1, initialRetryTime: 50, multiplier: 2, factor: 0.2, maxRetryTime: 100 };

/**
 * The port to Kafka. kafkajs 2.2.4 is not maintained any more, so nothing outside this folder imports it.
 * It holds no connection: every producer, consumer and admin client gets a `Kafka` of its own, because
 * clients of one `Kafka` share a cache of committed offsets that goes stale when a consumer is rebuilt.
 */
export class KafkaClient {
  constructor(
    readonly address: KafkaAddress,
    readonly logger: Logger,
  ) {}

  /** A fresh kafkajs client, for use within this folder. */
  connectionTo(retry: RetryOptions): Kafka {
    const { brokers, clientId, tls, sasl } = this.address;
    const config: KafkaConfig = {
      brokers: [...brokers],
      clientId,
      retry,
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      logLevel: logLevel.INFO,
      logCreator: routeLogs(this.logger),
      ...(tls === undefined ? {} : { ssl: tls }),
    };
    return new Kafka(sasl === undefined ? config : { ...config, sasl: saslOf(sasl) });
  }

  /**
   * Runs `use` with a connected admin client and disconnects it.
   *
   * @throws RehomeError KAFKA_UNAVAILABLE
   */
  async withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.connectionTo(PATIENT).admin();
    try {
      await admin.connect();
      return await use(admin);
    } catch (error) {
      throw this.unavailable(error);
    } finally {
      await admin.disconnect().catch((error: unknown) => {
        this.logger.debug({ err: error }, 'kafka admin client did not disconnect');
      });
    }
  }

  /** Any failure of kafkajs as an error of the house. */
  unavailable(error: unknown): RehomeError {
    if (error instanceof RehomeError) return error;
    const kafkaError = kafkaErrorType(error);
    return new RehomeError(
      'KAFKA_UNAVAILABLE',
      `Kafka at ${this.address.brokers.join(',')} failed: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error, ...(kafkaError === undefined ? {} : { facts: { kafkaError } }) },
    );
  }
}

/** The broker's own name of a failure (`MESSAGE_TOO_LARGE`), else the class of kafkajs. */
function kafkaErrorType(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('type' in error && typeof error.type === 'string') return error.type;
  return error.cause instanceof Error && error.cause !== error ? kafkaErrorType(error.cause) : error.name;
}

function saslOf(sasl: NonNullable<KafkaAddress['sasl']>): NonNullable<KafkaConfig['sasl']> {
  const { mechanism, username, password } = sasl;
  if (mechanism === 'plain') return { mechanism, username, password };
  if (mechanism === 'scram-sha-256') return { mechanism, username, password };
  return { mechanism, username, password };
}

/** Namespaces of kafkajs that tell of something a person should see; all others repeat what we log ourselves. */
const WORTH_A_WARNING = new Set(['ConsumerGroup']);

/**
 * kafkajs logs every refused connection and every coordinator that is still loading as an error, several
 * times each. Our own state changes tell the same once, so its lines go to `debug`. The exception is the
 * consumer group: "Offset out of range, resetting to default offset" is the only trace of skipped records.
 */
function routeLogs(logger: Logger): logCreator {
  return () =>
    ({ namespace, level, log }) => {
      const { message, timestamp: _timestamp, logger: _logger, ...fields } = log;
      const severe = level <= logLevel.WARN && WORTH_A_WARNING.has(namespace);
      logger[severe ? 'warn' : 'debug'](
        { ...fields, kafkaNamespace: namespace, kafkaMessage: message },
        'kafka client',
      );
    };
}
