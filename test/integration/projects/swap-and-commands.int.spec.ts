import { randomUUID } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SwapDatabaseParams } from '#shared/contracts/steps/project-steps.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { ProjectRig, projectYaml, type RigDatabase } from '../../harness/project-rig.js';

const MIGRATION = { app: 'main', version: 'v002', name: 'status' };
const SHOP = {
  'project.yaml': projectYaml('shop'),
  'migrations/main/v001_initial.up.sql': 'create table orders (id bigint primary key);\n',
  'migrations/main/v002_status.up.sql': 'alter table orders add column status text;\n',
};

describe('swapping the live database for a restored one', () => {
  let rig: ProjectRig;
  let live: RigDatabase;
  let migrationId: string;
  let params: SwapDatabaseParams;

  beforeAll(async () => {
    rig = await ProjectRig.create();
  }, 60_000);
  afterAll(() => rig?.close(), 60_000);

  /** A live database with rows, and one that a restore of this migration has left under a working name. */
  beforeEach(async () => {
    live = await rig.database();
    migrationId = randomUUID();
    const workingName = `${live.address.database}__r1`;
    const project = await rig.push(SHOP);
    await rig.rows(live.address.database, 'create table only_in_live ()');
    await rig.rows('postgres', `comment on database ${quoteIdentifier(live.address.database)} is 'of the shop'`);
    await rig.rows('postgres', `create database ${quoteIdentifier(workingName)}`);
    await rig.rows(workingName, 'create table only_in_backup ()');
    await rig.rows(
      'postgres',
      `comment on database ${quoteIdentifier(workingName)} is 'rehome migration ${migrationId}\nrestored ${randomUUID()} 7\nof the backup'`,
    );
    params = {
      address: live.address,
      workingName,
      project,
      migration: MIGRATION,
      schemas: ['public'],
      revertedBy: 'key:me',
    };
  });

  const tables = async (database: string): Promise<string[]> => {
    const rows = await rig.rows<{ name: string }>(
      database,
      `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
    );
    return rows.map(({ name }) => name);
  };
  const comment = async (): Promise<string | undefined> => {
    const [row] = await rig.rows<{ text: string }>(
      'postgres',
      `select shobj_description(oid, 'pg_database') as text from pg_database where datname = $1`,
      [live.address.database],
    );
    return row?.text;
  };

  it('gives the restored one the name, keeps the other aside and marks the version rolled back [d10]', async () => {
    const { keptAs } = await rig.attempt({ kind: 'swap-database', params, migrationId });
    expect(await tables(live.address.database)).toEqual(['only_in_backup']);
    expect(await tables(keptAs)).toEqual(['only_in_live']);
    const [row] = await rig.rows(
      live.address.database,
      'select version, status, applied_by from rehome.schema_migrations',
    );
    expect(row).toEqual({ version: 'v002', status: 'rolled_back', applied_by: 'key:me' });
  });

  it('ends the sessions that are in its way', async () => {
    const session = await rig.client(live.address.database);
    const ended = new Promise<void>((resolve) => session.once('end', () => resolve()));
    await rig.attempt({ kind: 'swap-database', params, migrationId });
    await ended;
  });

  it('goes on when it died between the two renames, and writes the books once', async () => {
    const options = { kind: 'swap-database', params, migrationId } as const;
    const dead = await rig.dies('step.swap-database.aside', options);
    expect(await tables(live.address.database).catch(() => 'nothing of that name')).toBe('nothing of that name');
    const { keptAs } = await rig.attempt({ ...options, attempt: 2 });
    await expect(dead.wake()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await tables(live.address.database)).toEqual(['only_in_backup']);
    expect(await tables(keptAs)).toEqual(['only_in_live']);
    expect(await rig.rows(live.address.database, 'select 1 from rehome.migration_log')).toHaveLength(1);
  });

  it('is taken back to the names and comments that were', async () => {
    const result = await rig.attempt({ kind: 'swap-database', params, migrationId });
    await rig.undo({ kind: 'swap-database', params, migrationId, result });
    expect(await tables(live.address.database)).toEqual(['only_in_live']);
    expect(await tables(params.workingName)).toEqual(['only_in_backup']);
    expect(await comment()).toBe('of the shop');
  });

  it('takes nothing back where nothing was swapped', async () => {
    expect(await rig.undo({ kind: 'swap-database', params, migrationId })).toEqual({ swappedBack: false });
    expect(await tables(live.address.database)).toEqual(['only_in_live']);
  });

  it('refuses a working database that is not of its migration', async () => {
    const stranger = { kind: 'swap-database', params, migrationId: randomUUID() } as const;
    await expect(rig.attempt(stranger)).rejects.toThrow('is not of this migration');
    expect(await tables(live.address.database)).toEqual(['only_in_live']);
  });
});

describe('a program of the project', () => {
  let rig: ProjectRig;
  let database: RigDatabase;
  const program = '/bin/sh';

  beforeAll(async () => {
    rig = await ProjectRig.create({ settings: { REHOME_ALLOWED_PROGRAMS: program } });
    database = await rig.database();
  }, 60_000);
  afterAll(() => rig?.close(), 60_000);

  async function run(script: string, argv0 = program) {
    const path = join(rig.directory, `script-${randomUUID()}.sh`);
    writeFileSync(path, script);
    chmodSync(path, 0o700);
    const project = await rig.push(SHOP);
    const params = { project, name: 'tool', database: rig.migrated(database), argv: [argv0, path] };
    return rig.attempt({ kind: 'run-command', params });
  }

  it('works in the database as its owner, and its last lines are kept', async () => {
    const { exitCode, output } = await run('psql -X -c "create table by_tool (id int)"\necho done\n');
    expect({ exitCode, last: output.at(-1) }).toEqual({ exitCode: 0, last: 'done' });
    const [row] = await rig.rows<{ owner: string }>(
      database.address.database,
      `select tableowner as owner from pg_tables where tablename = 'by_tool'`,
    );
    expect(row?.owner).toBe(database.owner);
  });

  it('finds the database in the variables of its applications, and in those of Flyway', async () => {
    const { output } = await run(
      'PGOPTIONS= psql -X -At "host=$DB_HOST port=$DB_PORT dbname=$DB_NAME user=$DB_USER password=$DB_PASSWORD" -c "select current_database()"\n' +
        'test "$FLYWAY_USER:$FLYWAY_PASSWORD" = "$DB_USER:$DB_PASSWORD" && echo "$FLYWAY_URL"\n',
    );
    const { database: name } = database.address;
    expect(output[0]).toBe(name);
    expect(output[1]).toMatch(new RegExp(`^jdbc:postgresql://.*/${name}\\?options=-c%20role%3D${database.owner}$`));
  });

  it('that prints the password shows none of it', async () => {
    const { output } = await run('echo "the password is $PGPASSWORD"\n');
    expect(output.join('\n')).toContain('the password is');
    expect(output.join('\n')).not.toContain(await rig.tools.secrets.resolve(rig.server.adminSecretRef));
  });

  it('that fails ends the step with its last line', async () => {
    await expect(run('echo "no such table" >&2\nexit 3\n')).rejects.toThrow(
      /COMMAND_FAILED|ended with 3: no such table/,
    );
  });

  it('that is not allow-listed is not run', async () => {
    await expect(run('exit 0\n', '/bin/bash')).rejects.toThrow('allowed commands');
  });
});
