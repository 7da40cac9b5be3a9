/** Injection tokens of things that have no class of their own. */
export const SHUTDOWN = Symbol('signal that aborts when the planner stops');
export const CONFIG = Symbol('configuration of the planner');
export const READS = Symbol('pool for short reads of the ledger’s database');
