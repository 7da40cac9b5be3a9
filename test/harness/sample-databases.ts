import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { quoteIdentifier, quoteLiteral } from '#shared/database/identifier.js';
import { compareStructures } from '../../apps/executor/src/postgres/catalogue/compare-structures.js';
import { readStructure } from '../../apps/executor/src/postgres/catalogue/read-structure.js';
import { contentDigest, readContent, totalRows } from '../../apps/executor/src/postgres/hashing.js';
import { addressOf, inSession, NEVER, run } from './moved-database.js';

/** Well-known databases that lie beside the repository; see its README for where they come from. */
const FOLDER = resolve('..', 'shared', 'data');

export const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  pagila: ['pagila-schema.sql', 'pagila-data.sql'],
  chinook: ['chinook.sql'],
  northwind: ['northwind.sql'],
};

/** Without its files a test of it is skipped, visibly. */
export function hasSample(name: string): boolean {
  return (SAMPLES[name] ?? ['?']).every((file) => existsSync(resolve(FOLDER, file)));
}

export interface LoadedSample {
  readonly adminUrl: string;
  readonly database: string;
  readonly owner: string;
  readonly password: string;
}

/** Makes a role and a database of its own and loads the sample as that role, which owns all of it. */
export async function loadSample(name: string, sample: LoadedSample): Promise<void> {
  const { adminUrl, database, owner, password } = sample;
  const admin = addressOf(adminUrl);
  await run(admin, `create role ${quoteIdentifier(owner)} login password ${quoteLiteral(password)}`);
  await run(admin, `create database ${quoteIdentifier(database)} owner ${quoteIdentifier(owner)} template template0`);
  await run(addressOf(adminUrl, database), `alter schema public owner to ${quoteIdentifier(owner)}`);
  for (const file of SAMPLES[name] ?? []) {
    const text = readFileSync(resolve(FOLDER, file), 'utf8');
    await psql(sample, text.replaceAll('OWNER TO postgres', `OWNER TO ${quoteIdentifier(owner)}`));
  }
}

/** @throws Error with what psql said. */
async function psql({ adminUrl, database, owner, password }: LoadedSample, text: string): Promise<void> {
  const { host, port } = addressOf(adminUrl);
  const options = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', host, '-p', String(port), '-U', owner, '-d', database];
  const env = { PATH: process.env['PATH'] ?? '', PGPASSWORD: password };
  const child = spawn('psql', options, { env, stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.end(text);
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`psql ended with ${String(code)}: ${said.slice(0, 2000)}`);
}

/** One end of a move, as its test looks at it. */
export interface Place {
  readonly adminUrl: string;
  readonly database: string;
  readonly owner: string;
}

/** Rows and digest of everything in a database, read independently of any move. */
export async function contentOf({ adminUrl, database }: Place): Promise<{ rows: string; digest: string }> {
  const content = await readContent(addressOf(adminUrl, database), {
    applicationName: 'e2e',
    signal: NEVER,
    jobs: 1,
  });
  return { rows: totalRows(content), digest: contentDigest(content) };
}

/** Every difference in structure, the owners' names taken for one. */
export async function structuralDifferences(left: Place, right: Place): Promise<unknown[]> {
  const mapRole = (role: string): string => (role === left.owner ? right.owner : role);
  const source = await inSession(addressOf(left.adminUrl, left.database), (session) =>
    readStructure(session, { mapRole, owner: left.owner }),
  );
  const target = await inSession(addressOf(right.adminUrl, right.database), (session) =>
    readStructure(session, { mapRole: (role) => role, owner: right.owner }),
  );
  return compareStructures(source, target);
}
