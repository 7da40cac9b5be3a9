#!/usr/bin/env node
// `npx rehome …` in a clone.
import { runTarget } from './bootstrap.mjs';

process.exitCode = await runTarget('rehome', process.argv.slice(2));
