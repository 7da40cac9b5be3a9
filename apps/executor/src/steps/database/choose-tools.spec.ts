import { describe, expect, it } from '@jest/globals';
import type { PostgresTools } from '../../postgres/tools.js';
import { backupToolsFor } from './choose-tools.js';

function tools(...majors: readonly number[]): PostgresTools[] {
  return majors.map((major) => ({ major, version: `${String(major)}.1`, pgDump: 'pg_dump', pgRestore: 'pg_restore' }));
}

describe('the tools of a backup', () => {
  it.each([
    ['by gzip are those of the server’s major', 15, 'gzip', [18, 16, 15], 15],
    ['by zstd are those of 16 for an older server', 15, 'zstd', [18, 16, 15], 16],
    ['by zstd are never so new that the server refuses what they restore', 15, 'zstd', [18, 17, 15], 15],
    ['by lz4 are those of the server’s major from 16 on', 17, 'lz4', [18, 17, 16], 17],
    ['are newer ones when there are no others', 14, 'none', [18, 15], 15],
  ] as const)('%s', (_rule, server, compression, majors, chosen) => {
    expect(backupToolsFor(server, compression, tools(...majors)).major).toBe(chosen);
  });
});
