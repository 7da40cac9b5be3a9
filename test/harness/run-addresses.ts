/** How Jest's global set-up tells the workers where this run's servers are. */
export const RUN_POSTGRES_URL = 'REHOME_RUN_POSTGRES_URL';
export const RUN_KAFKA_BROKERS = 'REHOME_RUN_KAFKA_BROKERS';

/** Connection string of the superuser on this run's PostgreSQL. @throws Error in a pure test, which has no servers. */
export function runPostgresUrl(): string {
  return addressOf(RUN_POSTGRES_URL);
}

/** Brokers of this run's Kafka; tests share it, so name topics and groups uniquely. @throws Error in a pure test. */
export function runKafkaBrokers(): string[] {
  return addressOf(RUN_KAFKA_BROKERS).split(',');
}

function addressOf(variable: string): string {
  const value = process.env[variable];
  if (value === undefined)
    throw new Error(`${variable} is not set: servers run only for *.int.spec.ts and *.e2e.spec.ts`);
  return value;
}
