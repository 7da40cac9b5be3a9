import { describe, expect, test } from '@jest/globals';
import type { CatalogueObject, Structure } from './catalogue/structure.js';
import { objectKey } from './catalogue/structure.js';
import { settingStatements, splitNames } from './settings.js';

function structure(...objects: CatalogueObject[]): Structure {
  return { major: 15, objects: new Map(objects.map((object) => [objectKey(object), object])) };
}

function ofDatabase(setting: string, value: string): CatalogueObject {
  return { kind: 'database setting', name: setting, aspects: { setting, value, origin: 'database' } };
}

function ofRole(role: string, setting: string, value: string, origin = 'database'): CatalogueObject {
  return { kind: 'role setting', name: `${setting} of ${role}`, aspects: { setting, value, role, origin } };
}

describe('settings of a database', () => {
  test('are set where they differ, and only there', () => {
    const source = structure(
      ofDatabase('work_mem', '7MB'),
      ofDatabase('jit', 'off'),
      ofRole('app "x"', 'DateStyle', 'SQL, DMY', 'role'),
    );
    expect(settingStatements(source, structure(ofDatabase('jit', 'off')), 'a b')).toEqual([
      `alter database "a b" set "work_mem" to '7MB'`,
      `alter role "app ""x""" in database "a b" set "DateStyle" to 'SQL, DMY'`,
    ]);
  });

  test('that only the target has are reset, those of its roles on the whole server are left', () => {
    const target = structure(ofDatabase('jit', 'off'), ofRole('app', 'work_mem', '1MB', 'role'));
    expect(settingStatements(structure(), target, 'db')).toEqual([`alter database "db" reset "jit"`]);
  });

  test('that are lists of names stay lists, and the application’s own keep their two names', () => {
    const source = structure(
      ofDatabase('search_path', '"$user", "Odd ""S""", public'),
      ofDatabase('app.tenant', `it's`),
    );
    expect(settingStatements(source, structure(), 'db')).toEqual([
      `alter database "db" set "search_path" to '$user', 'Odd "S"', 'public'`,
      `alter database "db" set "app"."tenant" to 'it''s'`,
    ]);
    expect(splitNames('""')).toEqual(['']);
    expect(splitNames('')).toEqual([]);
  });
});
