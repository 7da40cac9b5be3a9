import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const ROOMS = ['apps', 'libs', 'test', 'scripts', 'examples', 'bench'];
const FILES = ROOMS.flatMap(filesBelow);
// bench/peers holds packages of its own.
const SOURCES = FILES.filter((file) => file.endsWith('.ts') && !file.includes('node_modules'));

function filesBelow(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

describe('names', () => {
  it('of files are kebab-case, with roles after dots', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
    expect(SOURCES.filter((file) => !kebab.test(basename(file)))).toEqual([]);
  });

  it('say what a file is about: no utils, helpers, managers, barrels', () => {
    const empty = /(^|[-/])(utils?|helpers?|managers?|misc|common)(\.|\/|$)|(^|\/)index\.ts$/;
    expect(SOURCES.filter((file) => empty.test(file) && !file.includes('process-manager'))).toEqual([]);
  });

  it('of classes say more than Manager, Helper, Util, Data or Info', () => {
    const vague = /\bclass\s+\w*(?<!Process)(Manager|Helper|Utils?|Data|Info)\b/;
    expect(SOURCES.filter((file) => vague.test(readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('of tests say what they need', () => {
    const needsServers = /runPostgresUrl|runKafkaBrokers|createTestDatabase|start(Native|Docker)?(Postgres|Kafka)\(/;
    const pure = SOURCES.filter((file) => file.endsWith('.spec.ts') && !/\.(int|e2e)\.spec\.ts$/.test(file));
    const here = 'test/house/names.spec.ts';
    expect(pure.filter((file) => file !== here && needsServers.test(readFileSync(file, 'utf8')))).toEqual([]);
  });
});
