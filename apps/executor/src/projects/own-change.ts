import { fingerprint } from '../postgres/catalogue/fingerprint.js';
import { inTransaction, type Session } from '../postgres/session.js';
import { deviationsOf, unnamed, withoutDeviations, type ChangeStatements, type Deviation } from './deviations.js';
import { migratedPart, readMigratedStructure } from './migrated-structure.js';
import { readOpenChange, takeOpenChange, writeOpenChange } from './tracking/open-change.js';
import {
  readSnapshot,
  recordedFingerprint,
  recordSnapshot,
  type SnapshotAuthor,
} from './tracking/structure-snapshot.js';

/**
 * Notes what somebody else has changed before we change the session's database, under its lock. An attempt that was cut
 * off has noted it: what stands there since is its own.
 */
export async function beginChange(session: Session, run: SnapshotAuthor['run']): Promise<void> {
  await writeOpenChange(session, (await readOpenChange(session)) ?? (await strangersDoing(session)), run);
}

/**
 * Records what the database looks like as our doing, but for what `beginChange` noted: that stays drift until it is gone,
 * or until a script of the change names it.
 * @returns the fingerprint of what was recorded
 */
export async function endChange(session: Session, author: SnapshotAuthor, change: ChangeStatements): Promise<string> {
  const live = await readMigratedStructure(session);
  return inTransaction(session, async () => {
    const deviations = (await takeOpenChange(session, author.run)) ?? [];
    return recordSnapshot(session, withoutDeviations(live, unnamed(deviations, change, live)), author);
  });
}

/** The same for a change that got stuck. Where none has ever ended there is nothing to compare with. May be repeated. */
export async function abandonChange(session: Session, run: SnapshotAuthor['run']): Promise<void> {
  if ((await readOpenChange(session)) === undefined) return;
  const recorded = await readSnapshot(session);
  if (recorded === undefined) return;
  const live = await readMigratedStructure(session);
  await inTransaction(session, async () => {
    const deviations = await takeOpenChange(session, run);
    // Not as its author: a next attempt would take it for the end of the whole.
    if (deviations !== undefined) await recordSnapshot(session, withoutDeviations(live, deviations), recorded.author);
  });
}

async function strangersDoing(session: Session): Promise<Deviation[]> {
  const expected = await recordedFingerprint(session);
  if (expected === undefined) return [];
  const live = await readMigratedStructure(session);
  const recorded = expected === fingerprint(live) ? undefined : await readSnapshot(session);
  return recorded === undefined ? [] : deviationsOf(migratedPart(recorded.structure), live);
}
