import type { Command } from 'commander';
import type { CommandBody } from '../run.js';

/** Hangs the body of a command below its declaration; it is loaded only when it runs. */
export type WithBody = (command: Command, load: () => Promise<CommandBody<never, never>>) => Command;
