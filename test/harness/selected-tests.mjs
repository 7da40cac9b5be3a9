import { relative } from 'node:path';
import { filesBelow } from '../../scripts/bootstrap/project.mjs';

/** What the test files that this run will execute need, judged by their names. */
export function needsOfSelectedTests(globalConfig) {
  const files = selectedFiles(globalConfig);
  const endToEnd = files.some((file) => file.endsWith('.e2e.spec.ts'));
  return { build: endToEnd, servers: endToEnd || files.some((file) => file.endsWith('.int.spec.ts')) };
}

function selectedFiles({ rootDir, testPathPatterns, runTestsByPath, nonFlagArgs }) {
  const all = ['apps', 'libs', 'test', 'scripts'].flatMap((directory) => [
    ...filesBelow(`${rootDir}/${directory}`, (name) => name.endsWith('.spec.ts')),
  ]);
  if (runTestsByPath) return all.filter((file) => nonFlagArgs.some((path) => relative(path, file) === ''));
  const patterns = testPathPatterns.patterns.map((pattern) => new RegExp(pattern, 'i'));
  if (patterns.length === 0) return all;
  return all.filter((file) => patterns.some((pattern) => pattern.test(file) || pattern.test(relative(rootDir, file))));
}
