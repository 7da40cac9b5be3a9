/** Where a pure editor looks, and how its errors call the file. */
export interface ConfigScope {
  /** Path for messages. */
  readonly where: string;
  /** INI section; missing means the keys before the first section. `.env` files have none. */
  readonly section?: string;
}

export interface KeyEdit {
  readonly name: string;
  readonly value: string;
  /** A missing key is written on a line after this one instead of being refused. */
  readonly insertAfter?: string;
}

/** Reads and edits named keys. Pure: bytes in, bytes out; every byte outside the edited values is kept. */
export interface ConfigFormat {
  /**
   * Values by the names asked for; a key that the file lacks is absent.
   * @throws RehomeError CONFIG_FILE_UNREADABLE when a named key stands twice or its value cannot be understood.
   */
  read(bytes: Buffer, scope: ConfigScope, names: readonly string[]): ReadonlyMap<string, string>;
  /**
   * @throws RehomeError CONFIG_KEY_MISSING, CONFIG_FILE_UNREADABLE, or CONFIG_VALUE_UNWRITABLE when the format
   * cannot hold a value. No message holds a value.
   */
  edit(bytes: Buffer, scope: ConfigScope, edits: readonly KeyEdit[]): Buffer;
}
