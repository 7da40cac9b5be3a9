import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';
import { RehomeError } from '../errors/rehome-error.js';
import { OWNER_ROLE } from './ledger-roles.js';

interface SchemaFile {
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

const FILE_NAME = /^\d{3}-[a-z0-9-]+\.sql$/;

/**
 * Numbered SQL in order; it stands beside this module, also in `dist` (an asset of the build).
 *
 * @throws RehomeError CONFIGURATION_INVALID when the numbers are not 1, 2, 3 …: a build holds files of another one.
 */
async function readSchemaFiles(): Promise<readonly SchemaFile[]> {
  const directory = new URL('./schema/', import.meta.url);
  const names = (await readdir(directory)).filter((name) => FILE_NAME.test(name)).sort();
  const odd = names.find((name, index) => Number(name.slice(0, 3)) !== index + 1);
  if (odd !== undefined) {
    throw new RehomeError('CONFIGURATION_INVALID', `schema file ${odd} is out of order; remove dist and build again`);
  }
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, directory), 'utf8');
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/**
 * Applies the files that the database lacks, each in a transaction, as the owner role.
 *
 * @throws RehomeError CONFIGURATION_INVALID when an applied file was edited since: that database and this
 * program disagree, and only a new file may change a released one.
 */
export async function applySchemaFiles(client: pg.Client): Promise<void> {
  await client.query(`set role ${OWNER_ROLE}`);
  const applied = await appliedFiles(client);
  for (const file of await readSchemaFiles()) {
    const known = applied.get(file.name);
    if (known === undefined) await applyFile(client, file);
    else if (known !== file.sha256) throw editedFile(file.name);
  }
  await client.query('reset role');
}

async function appliedFiles(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  await client.query(`
    create schema if not exists rehome;
    create table if not exists rehome.schema_file (
      name text primary key,
      sha256 text not null,
      applied_at timestamptz not null default clock_timestamp()
    )
  `);
  const { rows } = await client.query<{ name: string; sha256: string }>('select name, sha256 from rehome.schema_file');
  return new Map(rows.map((row) => [row.name, row.sha256]));
}

async function applyFile(client: pg.Client, file: SchemaFile): Promise<void> {
  await client.query('begin');
  try {
    await client.query(file.sql);
    await client.query('insert into rehome.schema_file (name, sha256) values ($1, $2)', [file.name, file.sha256]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

function editedFile(name: string): RehomeError {
  return new RehomeError(
    'CONFIGURATION_INVALID',
    `schema file ${name} was applied to this database with another content; put it back and write a new numbered file`,
    { facts: { file: name } },
  );
}
