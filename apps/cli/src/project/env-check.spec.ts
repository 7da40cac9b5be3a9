import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { readDefinition } from '#shared/projects/definition/read-definition.js';
import type { ProjectDefinition } from '#shared/contracts/projects.js';
import { checkVariables, envTemplate } from './env-check.js';
import { envOf } from './env-file.js';

async function epsm(): Promise<ProjectDefinition> {
  const read = readDefinition(await readFile('examples/epsm/project.yaml', 'utf8'));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.definition;
}

const COMPLETE = Object.fromEntries(
  [
    ['DB', 'epsm_db'],
    ['MATERIALS_DB', 'epsm_materials'],
    ['RESULTS_DB', 'epsm_results'],
  ].flatMap(([prefix, name]) => [
    [`${prefix ?? ''}_NAME`, name],
    [`${prefix ?? ''}_USER`, 'someone'],
    [`${prefix ?? ''}_PASSWORD`, 'canary-secret'],
    [`${prefix ?? ''}_HOST`, 'database'],
    [`${prefix ?? ''}_PORT`, '5432'],
  ]),
);

describe('the environment of a project', () => {
  it('is complete with name, user, password, host and port of each of the three databases [e16]', async () => {
    const variables = checkVariables(await epsm(), COMPLETE);
    expect(variables.map(({ variable }) => variable).sort()).toEqual(Object.keys(COMPLETE).sort());
    expect(variables.filter(({ state }) => state !== 'set')).toEqual([]);
  });

  it('lacks what is missing, empty, no port or of another database, and tells no value [e16]', async () => {
    const { DB_HOST: _gone, ...rest } = COMPLETE;
    const values = { ...rest, RESULTS_DB_NAME: 'epsm_db', MATERIALS_DB_PORT: '54x', RESULTS_DB_PASSWORD: ' ' };
    const wrong = checkVariables(await epsm(), values).filter(({ state }) => state !== 'set');
    expect(wrong).toEqual([
      expect.objectContaining({ database: 'default', variable: 'DB_HOST', state: 'missing' }),
      expect.objectContaining({ variable: 'MATERIALS_DB_PORT', state: 'wrong' }),
      expect.objectContaining({
        variable: 'RESULTS_DB_NAME',
        state: 'wrong',
        detail: expect.stringContaining('epsm_results'),
      }),
      expect.objectContaining({ variable: 'RESULTS_DB_PASSWORD', state: 'empty' }),
    ]);
    expect(JSON.stringify(wrong)).not.toContain('54x');
    expect(JSON.stringify(checkVariables(await epsm(), COMPLETE))).not.toContain('canary-secret');
  });

  it('is written down as a file that lacks only hosts and passwords', async () => {
    const definition = await epsm();
    const values = envOf(envTemplate(definition));
    const left = checkVariables(definition, values).filter(({ state }) => state !== 'set');
    expect(new Set(left.map(({ role }) => role))).toEqual(new Set(['host', 'password']));
    expect(values).toMatchObject({ RESULTS_DB_USER: 'epsm_results_user', RESULTS_DB_NAME: 'epsm_results' });
  });
});

describe('a .env file', () => {
  it.each([
    ['A=b', 'b'],
    ['export A=b', 'b'],
    ['A="b # c" # d', 'b # c'],
    ["A='b'", 'b'],
    ['A=b#c # d', 'b#c'],
    ['A=', ''],
    ['A= # empty', ''],
    ['A=b\r\nA=c\r\n', 'c'],
    ['  A = b ', 'b'],
  ])('is read as shells and containers do: %j', (text, value) => {
    expect(envOf(text)).toEqual({ A: value });
  });

  it('may hold comments and prose', () => {
    expect(envOf('# A=1\nnot an assignment\n\n1A=2')).toEqual({});
  });
});
