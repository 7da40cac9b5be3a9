import type { ProjectProblem } from '../migration-file.js';
import { PROJECT_LIMITS, type ProjectFiles } from './project-files.js';

export type CollectedFiles =
  | { readonly ok: true; readonly files: ProjectFiles }
  | { readonly ok: false; readonly problems: readonly ProjectProblem[] };

/** Takes files one by one, from a folder or an archive, and holds them to the limits of a project. */
export class FileCollector {
  readonly #files = new Map<string, string>();
  readonly #problems: ProjectProblem[] = [];
  #bytes = 0;

  add(path: string, bytes: Uint8Array): void {
    if (this.#files.has(path)) {
      this.refuse(path, 'stands twice; which of the two is meant?');
      return;
    }
    const text = this.#textOf(path, bytes);
    if (text === undefined) return;
    this.#bytes += bytes.byteLength;
    this.#files.set(path, text);
  }

  refuse(path: string, message: string): void {
    this.#problems.push({ path, message });
  }

  /** Nothing more needs to be read: it is refused already. */
  get full(): boolean {
    return this.#files.size > PROJECT_LIMITS.files || this.#bytes > PROJECT_LIMITS.bytes;
  }

  collected(): CollectedFiles {
    if (this.#files.size > PROJECT_LIMITS.files)
      this.refuse('.', `holds more than ${PROJECT_LIMITS.files} files; split it into projects`);
    if (this.#bytes > PROJECT_LIMITS.bytes)
      this.refuse('.', `holds more than ${PROJECT_LIMITS.bytes / 1024 / 1024} MiB; load data by other means`);
    return this.#problems.length > 0 ? { ok: false, problems: this.#problems } : { ok: true, files: this.#files };
  }

  #textOf(path: string, bytes: Uint8Array): string | undefined {
    if (bytes.byteLength > PROJECT_LIMITS.fileBytes) {
      this.refuse(path, `is larger than ${PROJECT_LIMITS.fileBytes / 1024} KiB; load data by other means`);
      return undefined;
    }
    const text = utf8Of(bytes);
    // PostgreSQL's parser would stop reading at a NUL and never tell.
    if (text === undefined || text.includes('\0')) {
      this.refuse(path, 'is no text in UTF-8; save it as such');
      return undefined;
    }
    return text;
  }
}

function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
