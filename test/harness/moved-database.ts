import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { quoteIdentifier } from '#shared/database/identifier.js';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import type { MapRole, Structure } from '../../apps/executor/src/postgres/catalogue/structure.js';
import { readLargeObjectGroups } from '../../apps/executor/src/postgres/catalogue/large-object-owners.js';
import { readStructure } from '../../apps/executor/src/postgres/catalogue/read-structure.js';
import { createWorkingDatabase, extensionStatements } from '../../apps/executor/src/postgres/database-lifecycle.js';
import { dumpDatabase, restoreDatabase } from '../../apps/executor/src/postgres/dump-and-restore.js';
import { readDatabaseFacts } from '../../apps/executor/src/postgres/inspection/database-facts.js';
import { largeObjectStatements, privilegeStatements } from '../../apps/executor/src/postgres/privileges.js';
import { readRoleMap } from '../../apps/executor/src/postgres/role-map.js';
import { scramVerifier } from '#shared/database/scram-verifier.js';
import { createMissingRoles, dropPlaceholder } from '../../apps/executor/src/postgres/roles.js';
import { runTexts } from '../../apps/executor/src/postgres/run-texts.js';
import { openSession, type Session, type SessionAddress } from '../../apps/executor/src/postgres/session.js';
import { settingStatements } from '../../apps/executor/src/postgres/settings.js';
import { chooseTools, findTools } from '../../apps/executor/src/postgres/tools.js';

export const NEVER = new AbortController().signal;
const APPLICATION = 'rehome:00000000:1';

/** A source database that holds one of every kind of object, under names that are hard to quote. */
export interface SampleSource {
  readonly address: SessionAddress;
  readonly owner: string;
  readonly reader: string;
  readonly writer: string;
}

export function addressOf(adminUrl: string, database?: string): SessionAddress {
  const url = new URL(adminUrl);
  return {
    host: url.hostname,
    port: Number(url.port || '5432'),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: database ?? url.pathname.slice(1),
  };
}

export async function open(address: SessionAddress, applicationName = APPLICATION): Promise<Session> {
  return openSession(address, { applicationName, signal: NEVER });
}

export async function inSession<T>(address: SessionAddress, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await open(address);
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

/** Runs SQL as the administrator, in one text. */
export async function run(address: SessionAddress, sql: string): Promise<pg.QueryResult> {
  return inSession(address, (session) => session.query(sql));
}

export async function createSampleSource(adminUrl: string): Promise<SampleSource> {
  const mark = randomBytes(4).toString('hex');
  const [owner, reader, writer] = [`Own"er ü ${mark}`, `reader ${mark}`, `writer_${mark}`];
  const database = `Källa a=b 'x' ${mark}`;
  const admin = addressOf(adminUrl);
  for (const role of [owner, reader, writer]) {
    await run(admin, `create role ${quoteIdentifier(role)} login password 'secret of ${mark}'`);
  }
  await run(admin, `create database ${quoteIdentifier(database)} owner ${quoteIdentifier(owner)} template template0`);
  const address = addressOf(adminUrl, database);
  const fixture = new URL('../../apps/executor/src/postgres/fixtures/every-kind-of-object.sql', import.meta.url);
  const text = await readFile(fixture, 'utf8');
  const roles: Readonly<Record<string, string>> = { owner, reader, writer };
  const client = new pg.Client(address);
  await client.connect();
  try {
    const { rows } = await client.query<{ version: number }>(
      `select current_setting('server_version_num')::int as version`,
    );
    // 13 has no bodies in standard SQL yet.
    const old = (rows[0]?.version ?? 0) < 140_000;
    const known = old ? text.replace('begin atomic select a + 1; end', `as 'select a + 1'`) : text;
    await client.query(
      known.replaceAll(/\{(owner|reader|writer)\}/g, (_, role: string) => quoteIdentifier(roles[role] ?? '')),
    );
  } finally {
    await client.end();
  }
  return { address, owner, reader, writer };
}

export interface MovedDatabase {
  readonly address: SessionAddress;
  readonly role: string;
  readonly mapRole: MapRole;
  readonly facts: DatabaseFacts;
  readonly workDirectory: string;
  /** Both sides as verification reads them; another copy of the target in its place when given. */
  structures(copy?: SessionAddress): Promise<{ source: Structure; target: Structure }>;
  removeFiles(): Promise<void>;
}

/** Everything a move does to bring a database over, without steps and ledger around it. */
export async function moveDatabase(source: SampleSource, targetAdminUrl: string, role: string): Promise<MovedDatabase> {
  const admin = addressOf(targetAdminUrl);
  const workDirectory = await mkdtemp(join(tmpdir(), 'rehome-move-'));
  const from = await open(source.address);
  const facts = await readDatabaseFacts(from);
  const name = `moved ${randomBytes(4).toString('hex')}`;
  const roles = { sourceOwner: source.owner, role };
  const maintenance = await open(admin);
  await createMissingRoles(maintenance, { ...roles, roles: facts.roles, verifier: scramVerifier('of the role') });
  await createWorkingDatabase(maintenance, { ...facts, role }, { name, migrationId: 'test' });
  await maintenance.end();
  const address = addressOf(targetAdminUrl, name);
  const to = await open(address);
  await runTexts(to, extensionStatements(facts.extensions), NEVER);
  const tools = chooseTools(await findTools([]), { source: Math.floor(facts.serverVersion / 10_000) });
  const call = { tools, applicationName: APPLICATION, workDirectory, jobs: 2, signal: NEVER };
  const directory = join(workDirectory, 'dump');
  await dumpDatabase({ ...call, address: source.address, directory }, facts.tables);
  await restoreDatabase({ ...call, address, directory }, presentOf(facts));
  const mapRole = await readRoleMap(from, to, roles);
  const structures = async (copy = address): Promise<{ source: Structure; target: Structure }> => ({
    source: await inSession(source.address, (session) => readStructure(session, { mapRole, owner: source.owner })),
    target: await inSession(copy, (session) => readStructure(session, { mapRole: (same) => same, owner: role })),
  });
  const { source: wanted, target: found } = await structures();
  const largeObjects = [
    await readLargeObjectGroups(from, mapRole),
    await readLargeObjectGroups(to, (same) => same),
  ] as const;
  await runTexts(to, privilegeStatements(wanted, found), NEVER);
  await runTexts(to, largeObjectStatements(...largeObjects), NEVER);
  await runTexts(to, settingStatements(wanted, found, name), NEVER);
  await dropPlaceholder(to, roles, NEVER);
  await Promise.all([from.end(), to.end()]);
  return {
    address,
    role,
    mapRole,
    facts,
    workDirectory,
    structures,
    removeFiles: () => rm(workDirectory, { recursive: true }),
  };
}

function presentOf(facts: DatabaseFacts): { schemas: string[]; extensions: string[] } {
  const schemas = facts.extensions
    .map(({ schema }) => schema)
    .filter((schema) => !['public', 'pg_catalog'].includes(schema));
  return { schemas: [...new Set(schemas)], extensions: facts.extensions.map(({ name }) => name) };
}

/** Drops what the sample made on the server, roles included. */
export async function dropSampleSource(source: SampleSource): Promise<void> {
  const admin = { ...source.address, database: 'postgres' };
  await run(admin, `drop database if exists ${quoteIdentifier(source.address.database)} with (force)`);
  for (const role of [source.owner, source.reader, source.writer])
    await run(admin, `drop role if exists ${quoteIdentifier(role)}`);
}
