import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAVEN_TIMEOUT_MS = 300_000;

/** Directory with the broker's jars; fetched by Maven once per version and clone. @throws Error with what Maven said. */
export function kafkaJars(): string {
  const root = projectRoot();
  const pom = join(root, 'scripts/kafka/pom.xml');
  const version = /<kafka\.version>([^<]+)</.exec(readFileSync(pom, 'utf8'))?.[1] ?? 'unknown';
  const jars = join(root, 'node_modules/.cache/rehome', `kafka-${version}`);
  if (existsSync(jars)) return jars;
  const unfinished = `${jars}.${String(process.pid)}`;
  mkdirSync(dirname(jars), { recursive: true });
  const result = spawnSync(
    'mvn',
    ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`],
    {
      encoding: 'utf8',
      timeout: MAVEN_TIMEOUT_MS,
    },
  );
  if (result.status !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`Maven could not fetch Kafka: ${result.error?.message ?? result.stdout.slice(-2000)}`);
  }
  try {
    renameSync(unfinished, jars);
  } catch {
    // Another process of ours was quicker.
    rmSync(unfinished, { recursive: true, force: true });
  }
  return jars;
}

/** The clone: the nearest folder above that holds `scripts/kafka`, from the sources as from `dist`. */
function projectRoot(): string {
  for (
    let directory = dirname(fileURLToPath(import.meta.url));
    directory !== dirname(directory);
    directory = dirname(directory)
  ) {
    if (existsSync(join(directory, 'scripts/kafka/pom.xml'))) return directory;
  }
  throw new Error('scripts/kafka/pom.xml not found above this file');
}
