import { RUN_KAFKA_BROKERS, RUN_POSTGRES_URL } from '../run-addresses.js';
import { clientToolsMajor } from './client-tools.js';
import { dockerAnswers } from './docker-engine.js';
import { startKafka, startPostgres } from './start-servers.js';

export interface RunServers {
  /** Tells the workers where the servers are. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** The servers that all tests of one run share: a PostgreSQL that pg_dump of this machine can read, and a Kafka. */
export async function startRunServers(): Promise<RunServers> {
  const started = await Promise.allSettled([
    startPostgres({ major: clientToolsMajor(), durable: false }),
    startKafka(),
  ]);
  const [postgres, kafka] = started;
  if (postgres.status === 'fulfilled' && kafka.status === 'fulfilled') {
    return {
      environment: { [RUN_POSTGRES_URL]: postgres.value.adminUrl, [RUN_KAFKA_BROKERS]: kafka.value.brokers },
      stop: async () => {
        await Promise.all([postgres.value.stop(), kafka.value.stop()]);
      },
    };
  }
  for (const result of started) if (result.status === 'fulfilled') await result.value.stop();
  const reasons = started.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  const hint = (await dockerAnswers())
    ? '\nREHOME_TEST_SERVERS=native takes those of this machine instead of containers'
    : '';
  throw new Error(`the servers for the tests did not start:\n${reasons.join('\n')}${hint}`);
}
