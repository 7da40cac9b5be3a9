import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKeyPair } from '#shared/signing/signing-keys.js';
import { createTestLedger, type TestLedger } from '../../../test/harness/ledger.js';
import { hashKey } from './auth/api-keys.js';

const LOADER = fileURLToPath(new URL('../../../test/harness/typescript-loader.mjs', import.meta.url));
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

const NEEDED = { REHOME_SIGNING_KEY: createKeyPair().privateKey };

let ledger: TestLedger;
let folder: string;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  ledger = await createTestLedger();
  folder = mkdtempSync(join(tmpdir(), 'rehome-planner-'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  await ledger?.close();
});

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output(): string;
}

function start(environment: Readonly<Record<string, string>>): Started {
  const child = spawn(process.execPath, ['--import', LOADER, MAIN], {
    env: { NODE_NO_WARNINGS: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => {
    children.delete(child);
    return code as number | null;
  });
  return { child, ended, output: () => output };
}

async function listening({ child, output, ended }: Started): Promise<string> {
  let over = false;
  void ended.then(() => (over = true));
  for (;;) {
    const url = /"url":"([^"]+)".*"msg":"planner listens"/.exec(output())?.[1];
    if (url !== undefined) return url;
    if (over) throw new Error(`the planner ended: ${output()}`);
    await once(child.stdout ?? child, 'data');
  }
}

describe('the planner’s process', () => {
  it('listens, takes its keys and catalogue from the environment, and ends cleanly on SIGTERM with its leases given back', async () => {
    const cataloguePath = join(folder, 'catalogue.yaml');
    writeFileSync(cataloguePath, 'entitlements: { premium: { dbType: dedicated } }');
    const planner = start({
      REHOME_LEDGER_URL: ledger.urls.plannerUrl,
      REHOME_PLANNER_PORT: '0',
      REHOME_API_KEYS: `ops:operator:${hashKey('the-key')}`,
      ...NEEDED,
      REHOME_CATALOGUE: cataloguePath,
    });
    const url = await listening(planner);
    const headers = { authorization: 'Bearer the-key' };
    let answer = await fetch(`${url}/v1/entitlements/premium`, { headers });
    while (answer.status !== 200) {
      await answer.arrayBuffer();
      await fetch(`${url}/health/ready`);
      answer = await fetch(`${url}/v1/entitlements/premium`, { headers });
    }
    expect(await answer.json()).toEqual({ plan: 'premium', dbType: 'dedicated' });
    planner.child.kill('SIGTERM');
    expect(await planner.ended).toBe(0);
    const held = await ledger.query('select name from ledger.cursor where lease_until > clock_timestamp()');
    expect(held).toEqual([]);
    expect(planner.output()).not.toContain('planner-pass');
  }, 120_000);

  it('does not start with an unusable configuration and says everything that is wrong with it', async () => {
    const planner = start({ REHOME_PLANNER_PORT: 'x', REHOME_CATALOGUE: '/nowhere.yaml', REHOME_API_KEYS: 'canary' });
    expect(await planner.ended).toBe(64);
    for (const told of [
      'REHOME_LEDGER_URL',
      'REHOME_PLANNER_PORT',
      '/nowhere.yaml',
      'REHOME_API_KEYS entry 1',
      'REHOME_SIGNING_KEY',
    ])
      expect(planner.output()).toContain(told);
    expect(planner.output()).not.toContain('canary');
  });

  it('says which port is taken', async () => {
    const first = start({ ...NEEDED, REHOME_LEDGER_URL: ledger.urls.plannerUrl, REHOME_PLANNER_PORT: '0' });
    const { port } = new URL(await listening(first));
    const second = start({ ...NEEDED, REHOME_LEDGER_URL: ledger.urls.plannerUrl, REHOME_PLANNER_PORT: port });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`EADDRINUSE`);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
  }, 120_000);
});
