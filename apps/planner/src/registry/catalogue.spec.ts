import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCatalogue, readCatalogue } from './catalogue.js';

describe('a catalogue', () => {
  it('may be empty, or name nothing of a noun', () => {
    expect(parseCatalogue('')).toEqual({ definitions: [], problems: [] });
    expect(parseCatalogue('servers:\n')).toEqual({ definitions: [], problems: [] });
  });

  it('reports every problem at once, by pointer', () => {
    const { problems } = parseCatalogue(`
      servers:
        one: { host: 'http://x', port: 5432, adminUser: postgres, adminSecretRef: plain }
        two/2: { host: x }
      entitlements: [basic]
      colours: {}
    `);
    expect(problems.map((problem) => problem.pointer).sort()).toEqual([
      '/colours',
      '/entitlements',
      '/servers/one/adminSecretRef',
      '/servers/one/host',
      '/servers/two~12/adminSecretRef',
      '/servers/two~12/adminUser',
      '/servers/two~12/port',
    ]);
  });

  it('says where it is not YAML, and what stands twice', () => {
    expect(parseCatalogue('servers: [').problems[0]?.message).toMatch(/^is not YAML: .*line 1/s);
    expect(parseCatalogue('servers: {}\nservers: {}').problems).toHaveLength(1);
    expect(parseCatalogue('just text').problems).toEqual([expect.objectContaining({ pointer: '' })]);
  });

  it('takes a missing dbType of an instance for shared [c2]', () => {
    const { definitions } = parseCatalogue(
      'instances: { a: { plan: p, server: s, database: d, owner: o, service: x } }',
    );
    expect(definitions).toEqual([
      {
        type: 'InstanceRegistered',
        data: { instanceId: 'a', dbType: 'shared', plan: 'p', server: 's', database: 'd', owner: 'o', service: 'x' },
      },
    ]);
  });

  it('is a configuration problem when its file is missing or wrong, with the path', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rehome-catalogue-'));
    const path = join(folder, 'catalogue.yaml');
    try {
      expect(() => readCatalogue(path)).toThrow(`${path} (REHOME_CATALOGUE) cannot be read: ENOENT`);
      writeFileSync(path, 'servers: { a: { port: 0 } }');
      expect(() => readCatalogue(path)).toThrow(`${path}#/servers/a/port must be a whole number`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
