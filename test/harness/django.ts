import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
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
  if (answers(python)) return python;
  rmSync(directory, { recursive: true, force: true });
  const made = run('python3', ['-m', 'venv', directory]) && run(python, ['-m', 'pip', 'install', '-q', ...PACKAGES]);
  return made && answers(python) ? python : undefined;
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
