import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAVEN_TIMEOUT_MS = 300_000;

/** Directory with the broker's jars; fetched by Maven once per clone and content of the pom. @throws Error with what Maven said. */
export async function kafkaJars(): Promise<string> {
  const root = projectRoot();
  const pom = join(root, 'scripts/kafka/pom.xml');
  const version = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 8);
  return makeOnce(join(root, 'node_modules/.cache/rehome', `kafka-${version}`), async (directory) => {
    const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${directory}`];
    await run('mvn', ['-q', '-B', '-f', pom, ...copy], { timeout: MAVEN_TIMEOUT_MS }).catch((error: unknown) => {
      const said = error instanceof Error && 'stdout' in error ? String(error.stdout).slice(-2_000) : '';
      throw new Error(`Maven could not fetch Kafka: ${said === '' ? String(error) : said}`, { cause: error });
    });
  });
}

/** What `make` puts into a directory, whole or not at all; when two processes make it, one of them wins. */
export async function makeOnce(directory: string, make: (unfinished: string) => Promise<void>): Promise<string> {
  if (existsSync(directory)) return directory;
  const unfinished = `${directory}.${String(process.pid)}`;
  mkdirSync(dirname(directory), { recursive: true });
  try {
    await make(unfinished);
    renameSync(unfinished, directory);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(directory)) throw error;
  }
  return directory;
}

/** The clone: the nearest folder above that holds the pom, from the sources as from `dist`. */
function projectRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'scripts/kafka/pom.xml'))) {
    if (directory === dirname(directory)) throw new Error('scripts/kafka/pom.xml not found above this file');
    directory = dirname(directory);
  }
  return directory;
}
