import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { addressOf, run } from '../../../../../test/harness/moved-database.js';
import { runPostgresUrl } from '../../../../../test/harness/run-addresses.js';
import { rewriteConnectionString } from './connection-string.js';

const execute = promisify(execFile);

describe('a rewritten connection string', () => {
  const admin = addressOf(runPostgresUrl());
  const to = {
    host: admin.host,
    port: String(admin.port),
    user: `o'dd "user" \\ ${randomBytes(3).toString('hex')}`,
    password: `p:w@ /?#%41'\\ ü+&=`,
    database: `a 'b' ? c=d % ${randomBytes(3).toString('hex')}`,
  };

  beforeAll(async () => {
    await run(admin, `create role ${quoteIdentifier(to.user)} login password '${to.password.replaceAll("'", "''")}'`);
    await run(admin, `create database ${quoteIdentifier(to.database)} owner ${quoteIdentifier(to.user)}`);
  });

  afterAll(async () => {
    await run(admin, `drop database if exists ${quoteIdentifier(to.database)} with (force)`);
    await run(admin, `drop role if exists ${quoteIdentifier(to.user)}`);
  });

  it.each([
    ['a URI', 'postgres://u:p@old:1/d?application_name=kept%20name'],
    [
      'a URI that names everything in its parameters',
      'postgresql:///?host=old&user=u&password=p&dbname=d&application_name=kept%20name',
    ],
    ['keywords', "host=old user=u password=p dbname='a b' application_name='kept name'"],
  ])('leads libpq to the database, its other parameters kept: %s [b5 b25]', async (_, before) => {
    const text = rewriteConnectionString(before, to, { where: 'a test' });
    const query = `select current_database() || '|' || current_user || '|' || current_setting('application_name')`;
    const { stdout } = await execute('psql', ['-XAtqc', query, '-d', text], {
      env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    });
    expect(stdout.trim()).toBe(`${to.database}|${to.user}|kept name`);
  });
});
