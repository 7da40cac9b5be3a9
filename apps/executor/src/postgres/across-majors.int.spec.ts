import { afterEach, describe, expect, test } from '@jest/globals';
import { createSampleSource, moveDatabase, run } from '../../../../test/harness/moved-database.js';
import { clientToolsMajor, NEWEST_MAJOR, OLDEST_MAJOR } from '../../../../test/harness/servers/client-tools.js';
import type { RunningPostgres } from '../../../../test/harness/servers/running-server.js';
import { startPostgres } from '../../../../test/harness/servers/start-servers.js';
import { compareStructures } from './catalogue/compare-structures.js';
import { compareContents } from './compare-contents.js';
import { contentDigest, readContent } from './hashing.js';

const READING = { applicationName: 'rehome:00000000:1', signal: new AbortController().signal, jobs: 2 };

describe('a database moved to a newer major', () => {
  const servers: RunningPostgres[] = [];

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  test.each([
    [OLDEST_MAJOR, clientToolsMajor()],
    [clientToolsMajor(), NEWEST_MAJOR],
  ])(
    'keeps everything but what each major writes in its own words: %i to %i',
    async (from, to) => {
      for (const major of [from, to]) servers.push(await startPostgres({ major, durable: false }));
      const [older, newer] = servers.map(({ adminUrl }) => adminUrl);
      const source = await createSampleSource(older ?? '');
      await run(
        source.address,
        `create procedure app.rename(who integer, inout name text default 'x')
           language plpgsql as 'begin update app.customer set id = id where false; end'`,
      );
      const moved = await moveDatabase(source, newer ?? '', 'new role');
      const { source: left, target: right } = await moved.structures();
      expect(compareStructures(left, right)).toEqual([]);
      const [before, after] = [await readContent(source.address, READING), await readContent(moved.address, READING)];
      expect(compareContents(before, after)).toEqual({ mismatches: [], refreshed: [] });
      expect(contentDigest(before)).toBe(contentDigest(after));
      // A difference is seen across majors, too.
      await run(
        moved.address,
        `create or replace procedure app.rename(who integer, inout name text default 'y')
           language plpgsql as 'begin null; end';
         alter table app.customer disable trigger trim_name; revoke select on app.customer from "${source.reader}"`,
      );
      const { target: altered } = await moved.structures();
      expect(compareStructures(left, altered).map(({ object, aspect }) => [object, aspect])).toEqual([
        ['procedure app.rename(integer,text)', 'arguments'],
        ['procedure app.rename(integer,text)', 'definition'],
        ['app.customer', 'grants'],
        ['trigger trim_name on app.customer', 'enabled'],
      ]);
      await moved.removeFiles();
    },
    120_000,
  );
});
