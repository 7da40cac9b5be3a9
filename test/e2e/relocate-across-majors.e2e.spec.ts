import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { givenMoveWorld } from '../harness/given-move-world.js';
import { endedWell } from '../harness/move-outcome.js';
import {
  contentOf,
  hasSample,
  loadSample,
  SAMPLES,
  structuralDifferences,
  type LoadedSample,
  type Place,
} from '../harness/sample-databases.js';
import { newestToolsMajor } from '../harness/servers/client-tools.js';
import { withClient } from '../../examples/sample-tenant/create-tenant.js';
import type { MigrationBody } from '../../scripts/quickstart/migration-body.js';

/** PostgreSQL 13 with a database of the world; the other servers are called after their major. */
const OLD = 'pool-2';

const given = givenMoveWorld({
  servers: [
    { name: 'pg15', major: 15 },
    { name: OLD, major: 13 },
    { name: 'pg18', major: 18 },
  ],
});

const urlOf = (server: string): string => given().stack.server(server).adminUrl;

async function completed(request: Readonly<Record<string, unknown>>): Promise<MigrationBody & { id: string }> {
  return endedWell(given(), await given().ask(request));
}

const retiredName = (database: string, id: string): string =>
  `${database}__retired_${id.replaceAll('-', '').slice(0, 8)}`;

/** What was left behind and what came of it agree: counts, hashes and structure. */
async function expectEqual(left: Place, right: Place): Promise<void> {
  expect(await contentOf(right)).toEqual(await contentOf(left));
  expect(await structuralDifferences(left, right)).toEqual([]);
}

async function loginWorks(server: string, { database, owner, password }: LoadedSample): Promise<boolean> {
  const url = new URL(urlOf(server));
  url.username = encodeURIComponent(owner);
  url.password = encodeURIComponent(password);
  return withClient(url.toString(), database, async (client) => (await client.query('select 1')).rows.length === 1);
}

describe.each(Object.keys(SAMPLES))('%s', (name) => {
  const when = hasSample(name) ? it : it.skip;

  when(
    'goes from 13 to 15 and back with the same rows, hashes and structure',
    async () => {
      const sample = await sampleOf(name);
      const there = await completed(relocation(sample, 'pg15'));
      const moved: Place = { ...sample, adminUrl: urlOf('pg15') };
      await expectEqual({ ...sample, database: retiredName(sample.database, there.id) }, moved);
      expect(await loginWorks('pg15', sample)).toBe(true);
      const back = await completed({ kind: 'return', migrationId: there.id, data: 'current' });
      await expectEqual({ ...moved, database: retiredName(sample.database, back.id) }, sample);
      expect(await loginWorks(OLD, sample)).toBe(true);
    },
    170_000,
  );

  when(
    'goes from 13 to 18 with the same rows, hashes and structure',
    async () => {
      const sample = await sampleOf(name);
      const { id } = await completed(relocation(sample, 'pg18'));
      await expectEqual(
        { ...sample, database: retiredName(sample.database, id) },
        { ...sample, adminUrl: urlOf('pg18') },
      );
      expect(await loginWorks('pg18', sample)).toBe(true);
    },
    170_000,
  );

  // Discarding is backed up first, and only pg_dump 18 reads a server of 18.
  const whenTools = hasSample(name) && newestToolsMajor() >= 18 ? it : it.skip;
  whenTools(
    'comes back from 18 as it was put aside',
    async () => {
      const sample = await sampleOf(name);
      const before = await contentOf(sample);
      const { id } = await completed(relocation(sample, 'pg18'));
      await completed({ kind: 'return', migrationId: id, data: 'discard-since-cutover' });
      expect(await contentOf(sample)).toEqual(before);
      expect(await loginWorks(OLD, sample)).toBe(true);
    },
    170_000,
  );
});

async function sampleOf(name: string): Promise<LoadedSample> {
  const mark = randomBytes(3).toString('hex');
  const sample = { adminUrl: urlOf(OLD), database: `${name}_${mark}`, owner: `owner_${mark}`, password: `pw ${mark}` };
  await loadSample(name, sample);
  return sample;
}

function relocation({ database }: LoadedSample, server: string) {
  return { kind: 'relocate', source: { server: OLD, database }, target: { server, database }, mode: 'offline' };
}
