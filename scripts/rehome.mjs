#!/usr/bin/env node
// `npx rehome` from the root of a clone: installs and builds what is missing, then runs the command line in this process.
import { buildWhenStale } from './bootstrap/build.mjs';
import { installWhenStale } from './bootstrap/install.mjs';
import { missingPrerequisites } from './bootstrap/prerequisites.mjs';
import { say } from './bootstrap/project.mjs';

// Bad usage or configuration, in docs/reference/cli.md: nothing was asked of anybody.
const EXIT_USAGE = 64;

try {
  const missing = await missingPrerequisites({ servers: false });
  if (missing.length > 0) {
    say(`Missing on this machine:\n  ${missing.join('\n  ')}`);
    process.exit(EXIT_USAGE);
  }
  await installWhenStale();
  await buildWhenStale();
} catch (error) {
  say(error.message);
  process.exit(1);
}
await import('../dist/apps/cli/src/main.js');
