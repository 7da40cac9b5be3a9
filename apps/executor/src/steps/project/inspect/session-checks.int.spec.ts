import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { ProjectDatabase } from '#shared/contracts/projects.js';
import { startPostgres } from '../../../../../../test/harness/servers/start-servers.js';
import type { RunningPostgres } from '../../../../../../test/harness/servers/running-server.js';
import { checkSession } from './session-checks.js';

const DATABASE: ProjectDatabase = {
  ...{ alias: 'main', server: 'main', database: 'postgres', roles: {}, schemas: ['public'], settings: {} },
  ...{ expectedTables: [], criticalTables: [], requiredColumns: [], minimumTables: 0 },
  environment: { host: 'H', port: 'P', name: 'N', user: 'U', password: 'W' },
};

describe('the session that migrates a database', () => {
  let server: RunningPostgres;
  let client: pg.Client;

  beforeAll(async () => {
    server = await startPostgres({ major: 18, durable: false });
    client = new pg.Client({ connectionString: server.adminUrl });
    await client.connect();
    await client.query('create role owner_of_all; create role keeper; grant all on schema public to owner_of_all');
  }, 120_000);

  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  async function objections(): Promise<string[]> {
    await client.query('set role keeper');
    const checks = await checkSession(client, { database: DATABASE, owner: 'owner_of_all', schemas: ['public'] });
    await client.query('reset role');
    return checks.filter(({ passed }) => !passed).map(({ name, found }) => `${name}: ${found}`);
  }

  it('may become the owner, and make the schema of its books', async () => {
    // A member by inheritance only may not: from 16 on that is granted by itself.
    await client.query('grant owner_of_all to keeper with inherit true, set false');
    expect(await objections()).toEqual([
      'owner-role: the administrator may not act as owner_of_all',
      'bookkeeping: the administrator may not make the schema rehome',
    ]);
    await client.query('grant owner_of_all to keeper with set true; grant create on database postgres to keeper');
    expect(await objections()).toEqual([]);
  });
});
