// `npm run check`: everything that can be known without starting a server. All checks run, whatever the first one says.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from './bootstrap/project.mjs';

const CACHE = 'node_modules/.cache/rehome';
const SOURCES = ['apps', 'libs', 'test', 'scripts', 'examples', 'bench'].filter((directory) =>
  existsSync(join(PROJECT_ROOT, directory)),
);
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

const CHECKS = {
  format: [
    ...['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn'],
    ...['--cache', '--cache-location', `${CACHE}/prettier`, '.'],
  ],
  lint: [
    ...['node_modules/eslint/bin/eslint.js', '--max-warnings', '0'],
    ...['--cache', '--cache-strategy', 'content', '--cache-location', `${CACHE}/eslint`, '.'],
  ],
  types: ['node_modules/typescript/bin/tsc', '--noEmit', '--pretty', 'false'],
  arrows: [
    ...['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.mjs'],
    ...['--output-type', 'err', ...SOURCES],
  ],
  house: [...JEST, '--reporters', 'default', '--passWithNoTests', 'test/house'],
};

const wanted = process.argv.slice(2);
const names = Object.keys(CHECKS).filter((name) => wanted.length === 0 || wanted.includes(name));
const unknown = wanted.filter((name) => !(name in CHECKS));
if (unknown.length > 0) {
  console.error(`"${unknown.join(', ')}" is none of ${Object.keys(CHECKS).join(', ')}`);
  process.exit(64);
}

const results = await Promise.all(names.map(runCheck));
const failed = results.filter((passed) => !passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function runCheck(name) {
  const startedAt = Date.now();
  const child = spawn(process.execPath, CHECKS[name], { cwd: PROJECT_ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  const passed = code === 0;
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
  if (!passed) console.log(output.trimEnd());
  return passed;
}
