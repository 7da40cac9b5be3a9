import { beforeAll, describe, expect, it } from '@jest/globals';
import { CommanderError } from 'commander';
import { readProjectFolder } from '#shared/projects/bundle/read-folder.js';
import { LINT_RULES } from '#shared/projects/lint/lint-rules.js';
import { loadProject, type LoadedProject } from '#shared/projects/load-project.js';
import { buildProgram } from '../program.js';
import { diagnose } from './diagnosis.js';
import type { ErrorKind } from './error-patterns.js';

let epsm: LoadedProject;

beforeAll(async () => {
  const collected = await readProjectFolder('examples/epsm');
  const outcome = collected.ok ? await loadProject(collected.files) : collected;
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  epsm = outcome.project;
});

const KINDS: Readonly<Record<ErrorKind, readonly string[]>> = {
  'missing-relation': ['simulation_results', 'simulation_result', 'nowhere'],
  'missing-column': ['materials'],
  'missing-schema': ['audit'],
  'missing-database': ['epsm_results', 'nowhere'],
  'missing-role': ['epsm_user', 'nobody'],
  'relation-there-already': ['materials'],
  'no-rights': ['materials'],
  'wrong-password': ['epsm_user'],
  'no-connection': ['db'],
  'across-databases': ['epsm_results.public.simulation_results'],
  'orphaned-rows': ['simulation_zones'],
  'lock-timeout': [''],
};

/** What stands in a line behind `rehome`, without what is said about it. */
function lineOf(text: string): string[] {
  const line = text.replace(/ {3}\(.*$/, '');
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '').slice(1);
}

/** Why a person who types it gets nowhere; undefined when a command runs. */
async function refusal(line: readonly string[]): Promise<string | undefined> {
  const program = buildProgram(() => Promise.resolve());
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  try {
    await program.parseAsync([...line], { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return `${line.join(' ')}: ${error.message}`;
    throw error;
  }
}

describe('every command that a diagnosis or a rule names', () => {
  it('is one that can be typed as it stands', async () => {
    const told = Object.entries(KINDS).flatMap(([kind, objects]) =>
      objects.flatMap((object) => diagnose(epsm, { kind: kind as ErrorKind, object }).run),
    );
    const lines = told.filter((text) => text.startsWith('rehome ')).map(lineOf);
    expect(lines.length).toBeGreaterThan(15);
    expect((await Promise.all(lines.map(refusal))).filter((why) => why !== undefined)).toEqual([]);
  });

  it('exists where a rule of the linter names it', () => {
    const words = LINT_RULES.flatMap(({ safeWay }) => [...safeWay.matchAll(/rehome ([a-z]+(?: [a-z]+)?)/g)]);
    const program = buildProgram(() => Promise.resolve());
    const known = program.commands.flatMap((command) => [
      command.name(),
      ...command.commands.map((child) => `${command.name()} ${child.name()}`),
    ]);
    expect(words.map(([, command]) => command).filter((command) => !known.includes(command ?? ''))).toEqual([]);
  });
});
