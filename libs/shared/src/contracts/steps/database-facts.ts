export interface ExtensionFact {
  readonly name: string;
  readonly version: string;
  readonly schema: string;
}

export interface RoleFact {
  readonly name: string;
  readonly canLogin: boolean;
  readonly superuser: boolean;
  readonly bypassRls: boolean;
  readonly inherit: boolean;
  readonly connectionLimit: number;
  /** Roles it is a member of, among those the database mentions. */
  readonly memberOf: readonly string[];
}

/** What is read of a database before it is moved, backed up or restored. */
export interface DatabaseFacts {
  /** `server_version_num`: 150018. */
  readonly serverVersion: number;
  readonly owner: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** `c` libc, `i` ICU, `b` builtin. */
  readonly localeProvider: string;
  readonly icuLocale?: string;
  /** What the operating system or ICU of the source calls its sort order; absent where it has no version, as `C`. */
  readonly collationVersion?: string;
  readonly sizeBytes: string;
  readonly tables: number;
  /** From statistics; exact counts belong to verification. */
  readonly estimatedRows: string;
  readonly sequences: number;
  readonly largeObjects: number;
  readonly extensions: readonly ExtensionFact[];
  /** Every role that owns something here, is granted something or stands in a policy; postgres itself excepted. */
  readonly roles: readonly RoleFact[];
  /** SHA-256 of the structure, our own markers excluded. */
  readonly fingerprint: string;
}
