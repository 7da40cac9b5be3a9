import { createHash } from 'node:crypto';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { ConfigFileDefinition, ConfigFileFormat } from '#shared/contracts/registry.js';
import type { EditConfigResult } from '#shared/contracts/steps/service-steps.js';
import { resolveWithinRoots } from '../paths.js';
import type { ConfigBackups, BackupKey } from './config-backups.js';
import { changed, readContents, swapContents, unreadable, type Contents } from './file-contents.js';
import type { ConfigFormat, ConfigScope } from './config-format.js';
import {
  editsFor,
  namedFields,
  passwordIn,
  readUrl,
  type Connection,
  type ReadableConnection,
} from './connection-edits.js';
import { envFile } from './env-file.js';
import { iniFile } from './ini-file.js';
import { keyMissing } from './file-text.js';
import { propertiesFile } from './properties-file.js';
import { yamlFile } from './yaml-file.js';

const FORMATS: Readonly<Record<ConfigFileFormat, ConfigFormat>> = {
  ini: iniFile,
  env: envFile,
  properties: propertiesFile,
  yaml: yamlFile,
};

export interface ConfigFilePolicy {
  /** Config files outside these directories are refused, symbolic links resolved. */
  readonly roots: readonly string[];
  readonly backups: ConfigBackups;
}

/** What a file says now. Never holds the password. */
export interface ConfigFileReading {
  /** Real path, symbolic links resolved. */
  readonly path: string;
  /** SHA-256 of its bytes, lower-case hex. */
  readonly hash: string;
  readonly values: ReadableConnection;
}

/** Reads and edits the configuration files of services: named keys only, every other byte kept, compare and swap. */
export class ConfigFileDriver {
  constructor(private readonly policy: ConfigFilePolicy) {}

  /**
   * Reads the connection, and proves that the file can be edited: it exists, is inside the roots and holds every named
   * key once (the port may be missing).
   * @throws RehomeError CONFIG_FILE_MISSING, PATH_NOT_ALLOWED, CONFIG_FILE_UNREADABLE, CONFIG_KEY_MISSING
   */
  async read(file: ConfigFileDefinition): Promise<ConfigFileReading> {
    const contents = await this.open(file);
    const present = readKeys(file, contents.bytes);
    for (const { field, key } of namedFields(file.keys)) {
      if (field !== 'port' && !present.has(key)) throw keyMissing(file.path, key, file.section);
    }
    return { path: contents.path, hash: hashOf(contents.bytes), values: readableValues(file, present) };
  }

  /** Keeps the bytes as they are before anything is changed. A second capture under the same key keeps the first. */
  async captureConfigFile(file: ConfigFileDefinition, key: BackupKey): Promise<{ path: string; hash: string }> {
    const contents = await this.open(file);
    const original = await this.policy.backups.keep(key, contents.bytes);
    return { path: contents.path, hash: hashOf(original) };
  }

  /** The password that stood in the captured file; undefined when the file names none. For this process only. */
  async capturedPassword(file: ConfigFileDefinition, key: BackupKey): Promise<string | undefined> {
    const original = await this.policy.backups.find(key);
    return original === undefined ? undefined : passwordIn(file, readKeys(file, original));
  }

  /** Whether the file is as captured, as the edit leaves it, or neither. Nothing captured is as captured. */
  async probe(
    file: ConfigFileDefinition,
    connection: Connection,
    key: BackupKey,
  ): Promise<'original' | 'edited' | 'changed'> {
    const { bytes } = await this.open(file);
    const original = (await this.policy.backups.find(key)) ?? bytes;
    const edited = editBytes(file, original, connection);
    if (bytes.equals(edited.bytes)) return 'edited';
    return bytes.equals(original) ? 'original' : 'changed';
  }

  /**
   * Writes the connection into the captured file. The same call again changes nothing and answers the same.
   * @throws RehomeError CONFIG_FILE_CHANGED when the file is neither as captured nor as this edit leaves it.
   */
  async edit(file: ConfigFileDefinition, connection: Connection, key: BackupKey): Promise<EditConfigResult> {
    const contents = await this.open(file);
    const original = await this.policy.backups.keep(key, contents.bytes);
    const edited = editBytes(file, original, connection);
    const result = describeEdit(file, contents.path, original, edited);
    if (contents.bytes.equals(edited.bytes)) return result;
    if (!contents.bytes.equals(original))
      throw changed(
        file.path,
        `since it was captured; if it is right as it is, remove ${this.policy.backups.pathOf(key)} and retry`,
      );
    await swapContents(contents, edited.bytes, key);
    return result;
  }

  /**
   * Puts the captured bytes back, if the file is as the edit left it. Already as captured: nothing to do.
   * @throws RehomeError CONFIG_FILE_CHANGED when somebody else changed it since, BACKUP_UNKNOWN without a capture.
   */
  async restore(
    file: ConfigFileDefinition,
    key: BackupKey,
    hashes: Pick<EditConfigResult, 'hashBefore' | 'hashAfter'>,
  ): Promise<void> {
    const contents = await this.open(file);
    const now = hashOf(contents.bytes);
    if (now !== hashes.hashBefore) {
      if (now !== hashes.hashAfter) throw changed(file.path, 'after our edit; merge by hand what it should say');
      const original = await this.policy.backups.find(key);
      if (!original || hashOf(original) !== hashes.hashBefore) throw backupGone(file.path);
      await swapContents(contents, original, key);
    }
    await this.policy.backups.forget(key);
  }

  private async open(file: ConfigFileDefinition): Promise<Contents> {
    const path = await resolveWithinRoots(file.path, this.policy.roots);
    if (path === undefined) throw fileMissing(file.path);
    try {
      return await readContents(path);
    } catch (error) {
      throw unreadable(file.path, error);
    }
  }
}

function scopeOf(file: ConfigFileDefinition): ConfigScope {
  return { where: file.path, ...(file.section === undefined ? {} : { section: file.section }) };
}

function readKeys(file: ConfigFileDefinition, bytes: Buffer): ReadonlyMap<string, string> {
  const names = namedFields(file.keys).map(({ key }) => key);
  return FORMATS[file.format].read(bytes, scopeOf(file), names);
}

function readableValues(file: ConfigFileDefinition, present: ReadonlyMap<string, string>): ReadableConnection {
  const entries = namedFields(file.keys).flatMap(({ field, key }) => {
    const value = field === 'password' || field === 'url' ? undefined : present.get(key);
    return value === undefined ? [] : [[field, value] as const];
  });
  // Where both say something, the keys of their own are what frameworks let win over the parts of a URL.
  return { ...readUrl(file, present), ...Object.fromEntries(entries) };
}

interface Edited {
  readonly bytes: Buffer;
  readonly keys: readonly string[];
}

function editBytes(file: ConfigFileDefinition, original: Buffer, connection: Connection): Edited {
  const edits = editsFor(file, readKeys(file, original), connection);
  return { bytes: FORMATS[file.format].edit(original, scopeOf(file), edits), keys: edits.map(({ name }) => name) };
}

function describeEdit(file: ConfigFileDefinition, path: string, original: Buffer, edited: Edited): EditConfigResult {
  return {
    path,
    changedKeys: edited.keys,
    hashBefore: hashOf(original),
    hashAfter: hashOf(edited.bytes),
    hostBefore: hostIn(file, original),
    hostAfter: hostIn(file, edited.bytes),
  };
}

/** `host:port`, or the host alone when the file names no port. */
function hostIn(file: ConfigFileDefinition, bytes: Buffer): string | null {
  const { host, port } = readableValues(file, readKeys(file, bytes));
  if (host === undefined) return null;
  return port === undefined ? host : `${host}:${port}`;
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function fileMissing(path: string): RehomeError {
  return new RehomeError(
    'CONFIG_FILE_MISSING',
    `the configuration file ${path} does not exist; put it back before the application is stopped, it would not start without it`,
    { facts: { path } },
  );
}

function backupGone(path: string): RehomeError {
  return new RehomeError(
    'BACKUP_UNKNOWN',
    `the captured bytes of ${path} are gone; set its connection keys back by hand`,
    { facts: { path } },
  );
}
