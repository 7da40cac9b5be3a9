import type { MigrationName } from '../contracts/projects.js';

/** A statement of a script, as PostgreSQL's own parser delimits it. */
export interface SqlStatement {
  /** Exact text, without the semicolon and what stands before its first token. */
  readonly text: string;
  /** From 1: of its first token in the file. */
  readonly line: number;
  /** Characters before it in the file; a position that PostgreSQL tells of the statement is added to it. */
  readonly offset: number;
  /** Kind of its parse node: `CreateStmt`, `IndexStmt`. */
  readonly node: string;
  /** The parse node as libpg_query gives it, plain JSON: `{IndexStmt: {…}}`, its one key being `node`. */
  readonly tree: Readonly<Record<string, unknown>>;
  /** PostgreSQL refuses it inside a transaction block: `create index concurrently`, `vacuum`. */
  readonly outsideTransaction: boolean;
  /** Of a block, function or procedure. */
  readonly body?: StatementBody;
}

/** What the text of a block, function or procedure runs. */
export interface StatementBody {
  /** Also those of constant texts that it executes; they stand at the line of the statement that brings them. */
  readonly statements: readonly SqlStatement[];
  /** Something of it cannot be read: another language, or a text that is put together when it runs. */
  readonly hidden: boolean;
}

export interface SqlScript {
  /** In the project: `migrations/simulation/0004_results.up.sql`. */
  readonly path: string;
  readonly text: string;
  readonly statements: readonly SqlStatement[];
  /** False when its header says `-- transaction: off`: each statement runs by itself. */
  readonly transactional: boolean;
}

/** One version of one app with everything that is known of it without a database. */
export interface MigrationFile extends MigrationName {
  /** `app/version`. */
  readonly id: string;
  readonly up: SqlScript;
  readonly down?: SqlScript;
  readonly verify?: SqlScript;
  /** SHA-256 of the up script with line ends normalised, lower-case hex. */
  readonly checksum: string;
  /** `app/version` each; the version before it in the same app is not meant unless it is written. */
  readonly requires: readonly string[];
  readonly conflicts: readonly string[];
  /** Of the up script. */
  readonly transactional: boolean;
  readonly lockTimeoutMs?: number;
  readonly phase?: 'expand' | 'contract';
  /** Alias of the database that holds what it touches. */
  readonly home: string;
  /** Tables that it makes, changes, fills or refers to, as written: `simulation_results`, `audit.events`. */
  readonly touches: readonly string[];
  /** Those of them that it creates. */
  readonly creates: readonly string[];
  /** `rehome:allow` comments of the up script. */
  readonly waivers: readonly LintWaiver[];
}

/** `-- rehome:allow <rule>: <reason>` on the line before a statement, or at its end; in the header for the whole file. */
export interface LintWaiver {
  readonly rule: string;
  readonly reason: string;
  /** Of the statement that it is about; absent for the whole file. */
  readonly line?: number;
}

/** Something wrong with a project, and where. */
export interface ProjectProblem {
  readonly path: string;
  /** From 1; absent when it is about the whole file. */
  readonly line?: number;
  /** What, and what to do. */
  readonly message: string;
}

/** What the linter has against a statement. */
export interface LintFinding {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  /** What happens when it is run on a table in use. */
  readonly reason: string;
  /** How to do it instead. */
  readonly safeWay: string;
  /** About what becomes a burden later: told, but it never refuses a push. */
  readonly advice?: true;
}
