import type { Drift } from '../../contracts/projects.js';
import type { LoadedProject } from '../load-project.js';
import { fullName, idOf } from '../version-words.js';
import type { TrackedMigration } from './tracked-migration.js';

/** What is written in the bookkeeping and is not what the project's files say any more. */
export function driftOf({ migrations }: LoadedProject, rows: readonly TrackedMigration[]): Drift[] {
  const files = new Map(migrations.map((one) => [one.id, one]));
  return rows.flatMap((row): Drift[] => {
    // What failed or was taken back may be corrected; what was never run here changes nothing here.
    if (!['applied', 'faked', 'running'].includes(row.status)) return [];
    const file = files.get(idOf(row));
    if (file === undefined) {
      const detail = `${fullName(row)} is ${row.status} and the project has no such file any more; bring it back`;
      return [{ kind: 'file-missing', what: idOf(row), detail }];
    }
    if (file.checksum === row.checksum) return [];
    const detail = `${file.up.path} was changed after it was ${row.status === 'running' ? 'begun' : row.status}; bring the old text back and write a new migration`;
    return [{ kind: 'file-changed', what: file.id, detail }];
  });
}
