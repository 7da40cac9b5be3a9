import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Pool } from 'pg';
import { projectRoot } from '../scripts/stack/project-root.js';

/** As much of Emmett's PostgreSQL store as is measured. */
export interface EmmettStore {
  readonly schema: { migrate(): Promise<unknown> };
  appendToStream(
    stream: string,
    events: readonly { readonly type: string; readonly data: object; readonly metadata: object }[],
    options: { readonly expectedStreamVersion: 'STREAM_DOES_NOT_EXIST' },
  ): Promise<{ readonly createdNewStream: boolean }>;
  close(): Promise<void>;
}

interface EmmettModule {
  readonly getPostgreSQLEventStore: (
    url: string,
    options: { readonly connectionOptions: { readonly pool: Pool } },
  ) => EmmettStore;
}

/** Emmett's store on a pool of ours. Its dependencies are of another generation, so it is installed apart. */
export async function openEmmett(url: string, pool: Pool): Promise<EmmettStore> {
  const { getPostgreSQLEventStore } = (await importPeer('@event-driven-io/emmett-postgresql')) as EmmettModule;
  const store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
  await store.schema.migrate();
  return store;
}

/** As much of autocannon as is used: it loads both servers alike. */
export interface Cannon {
  (options: {
    readonly url: string;
    readonly connections: number;
    readonly duration: number;
    readonly requests: readonly [
      {
        readonly method: 'POST';
        readonly headers: Readonly<Record<string, string>>;
        readonly setupRequest: (request: object) => object;
      },
    ];
  }): Promise<{
    /** Answers 2xx, all others, failed connections. */
    readonly '2xx': number;
    readonly non2xx: number;
    readonly errors: number;
    /** Seconds. */
    readonly duration: number;
  }>;
}

export async function openCannon(): Promise<Cannon> {
  return ((await importPeer('autocannon')) as { default: Cannon }).default;
}

async function importPeer(name: string): Promise<unknown> {
  const directory = join(projectRoot(), 'bench/peers');
  if (!existsSync(join(directory, 'node_modules'))) install(directory);
  const peers = createRequire(join(directory, 'package.json'));
  return import(pathToFileURL(peers.resolve(name)).href);
}

function install(directory: string): void {
  process.stderr.write('Installing what is measured beside (once) …\n');
  const result = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`npm ci in bench/peers failed:\n${result.stderr}`);
}
