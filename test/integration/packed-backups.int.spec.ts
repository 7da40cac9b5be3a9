import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupEntry } from '../../apps/planner/src/backups/backup-list.js';
import { withClient } from '../../examples/sample-tenant/create-tenant.js';
import { addressOf } from '../harness/moved-database.js';
import { newestToolsMajor, newestToolsPack } from '../harness/servers/client-tools.js';
import type { RunningPostgres } from '../harness/servers/running-server.js';
import { startPostgres } from '../harness/servers/start-servers.js';
import { ServicesWorld } from '../harness/services-world.js';

const ENDINGS = { zstd: 'zst', lz4: 'lz4' } as const;
const source = { server: 'newest', database: 'packed' };
let server: RunningPostgres | undefined;
let world: ServicesWorld | undefined;

function given(): ServicesWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

beforeAll(async () => {
  server = await startPostgres({ major: newestToolsMajor(), durable: false });
  const { host, port, user, password } = addressOf(server.adminUrl);
  world = await ServicesWorld.start({
    REHOME_SECRET_NEWEST: password,
    REHOME_PG_TOOLS: process.env['REHOME_PG_TOOLS'] ?? '',
  });
  const adminSecretRef = 'env:REHOME_SECRET_NEWEST';
  await world.planner.put('/v1/servers/newest', { host, port, adminUser: user, adminSecretRef });
  await withClient(server.adminUrl, undefined, (client) => client.query('create database packed'));
  await withClient(server.adminUrl, 'packed', (client) =>
    client.query(`create table words as select repeat('word ', 200) || n as text from generate_series(1, 500) as n`),
  );
}, 120_000);

afterAll(async () => {
  await world?.stop();
  await server?.stop();
}, 60_000);

/** What was asked for, and what the catalogue and the files tell afterwards. */
async function backedUp(compress: string) {
  const made = await given().run({ kind: 'backup', database: source, tier: 'daily', compress });
  const { backupId = '' } = made.result;
  const entry = (await given().planner.call('GET', `/v1/backups/${String(backupId)}`)).json as unknown as BackupEntry;
  return { made, entry, files: readdirSync(join(entry.path, 'dump')) };
}

// Both need tools of 16 or newer that were built with it: REHOME_PG_TOOLS names their directory.
describe.each(['zstd', 'lz4'] as const)('a backup by %s', (compress) => {
  (newestToolsPack(compress) ? it : it.skip)(
    'is packed so and proved by a restore, where the tools can',
    async () => {
      const { made, entry, files } = await backedUp(compress);
      expect(made).toMatchObject({ status: 'completed', warnings: [] });
      expect(entry).toMatchObject({ compression: compress, status: 'verified' });
      expect(files.some((file) => file.endsWith(`.dat.${ENDINGS[compress]}`))).toBe(true);
    },
    60_000,
  );

  (newestToolsPack(compress) ? it.skip : it)(
    'is packed by gzip where the tools cannot, with a warning that names them and says what can',
    async () => {
      const { made, entry, files } = await backedUp(compress);
      expect(made.status).toBe('completed');
      const [warning = ''] = made.warnings;
      expect(warning).toMatch(new RegExp(`^pg_dump ${String(newestToolsMajor())}\\.\\S+ cannot pack by ${compress}`));
      expect(warning).toMatch(/gzip is taken instead; .* in REHOME_PG_TOOLS$/);
      expect(entry).toMatchObject({ compression: 'gzip', status: 'verified' });
      expect(files.some((file) => file.endsWith('.dat.gz'))).toBe(true);
    },
    60_000,
  );
});
