import './typescript-loader.mjs';
import { buildWhenStale } from '../../scripts/bootstrap/build.mjs';
import { missingPrerequisites } from '../../scripts/bootstrap/prerequisites.mjs';
import { needsOfSelectedTests } from './selected-tests.mjs';

/**
 * One PostgreSQL and one Kafka per run, started before the first worker, because workers share nothing but the
 * environment. A selection of pure tests starts nothing.
 */
export default async function setUp(globalConfig) {
  const needs = needsOfSelectedTests(globalConfig);
  if (needs.build) await buildWhenStale();
  if (!needs.servers) return;
  const missing = await missingPrerequisites({ servers: true });
  if (missing.length > 0) throw new Error(`Missing on this machine:\n  ${missing.join('\n  ')}`);
  const { startRunServers } = await import('./servers/run-servers.ts');
  const servers = await startRunServers();
  globalThis.rehomeRunServers = servers;
  // Jest does not tear down when it is interrupted. The listener stays: without one, the signal-exit of
  // testcontainers would end us at once.
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    process.on(signal, () => void servers.stop().finally(() => process.exit(code)));
  }
  Object.assign(process.env, servers.environment);
}
