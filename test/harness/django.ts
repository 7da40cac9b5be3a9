import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../scripts/stack/project-root.js';

const PACKAGES = ['django~=5.2.0', 'psycopg[binary]~=3.2'];
const PROBE = 'import django, psycopg; print(django.get_version())';

/**
 * A Python that has Django and psycopg: this machine's, else one of a virtual environment that is made once beside the
 * packages. Undefined where there is no Python, or nothing can be installed: what needs it is skipped, visibly.
 */
export function findDjango(): string | undefined {
  if (answers('python3')) return 'python3';
  const directory = join(projectRoot(), 'node_modules/.cache/django');
  const python = join(directory, 'bin/python');
  if (!answers(python)) makeEnvironment(directory);
  return answers(python) ? python : undefined;
}

/** Whole or not at all: two test files may want it at once, and neither must meet or take away what the other is making. */
function makeEnvironment(directory: string): void {
  const unfinished = `${directory}.${String(process.pid)}`;
  const python = join(unfinished, 'bin/python');
  try {
    if (!run('python3', ['-m', 'venv', unfinished]) || !run(python, ['-m', 'pip', 'install', '-q', ...PACKAGES]))
      return;
    // What is left of an older one, whose Python is gone.
    if (!answers(join(directory, 'bin/python'))) rmSync(directory, { recursive: true, force: true });
    renameSync(unfinished, directory);
  } catch {
    // The other was quicker.
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** `manage.py …` of the project in test/projects/django. @throws Error with what it said when it does not end with 0. */
export function manage(python: string, args: readonly string[], env: Readonly<Record<string, string>>): string {
  const { PATH = '', HOME = '' } = process.env;
  const cwd = join(projectRoot(), 'test/projects/django');
  const options = { cwd, encoding: 'utf8', env: { PATH, HOME, PYTHONDONTWRITEBYTECODE: '1', ...env } } as const;
  const { status, stdout, stderr } = spawnSync(python, ['manage.py', ...args], options);
  if (status !== 0) throw new Error(`manage.py ${args.join(' ')} ended with ${String(status)}: ${stderr}`);
  return stdout;
}

function answers(python: string): boolean {
  if (python.includes('/') && !existsSync(python)) return false;
  return run(python, ['-c', PROBE]);
}

function run(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: 180_000 }).status === 0;
}
