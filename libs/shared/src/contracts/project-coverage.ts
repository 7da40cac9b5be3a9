/** A migration that belongs to a database that is asked for, where its app is not. */
export interface UncoveredMigration {
  /** `app/version`. */
  readonly migration: string;
  /** Alias of its home. */
  readonly alias: string;
}

/** What a request says of the databases of a project, as far as it matters for whether one is forgotten. */
export interface AskedDatabases {
  /** Aliases; every database when absent. */
  readonly asked?: readonly string[];
  /** Reason by alias. */
  readonly leaveOut?: Readonly<Record<string, string>>;
}

/** Databases that the router names and a request neither asks for nor leaves out: nobody meant to forget them. */
export function forgottenDatabases(routed: readonly string[], { asked, leaveOut = {} }: AskedDatabases): string[] {
  if (asked === undefined) return [];
  return routed.filter((alias) => !asked.includes(alias) && !Object.hasOwn(leaveOut, alias));
}
