import { BACKUP_TIERS, type BackupTier } from '#shared/contracts/backups.js';
import type { BackupEntry } from './backup-list.js';

/** How many of each tier stay, per database; the newest. */
export type Keep = Readonly<Partial<Record<BackupTier, number>>>;

/** Of the configuration, where a clean-up does not say. */
export type UsualKeep = Readonly<Record<BackupTier, number>>;

/**
 * The backups that a clean-up removes: of each database, or the same schemas of it, and tier all but the newest so many.
 * Two kinds always stay: the newest verified one of a whole database, and what a move made on its way, which has a time of
 * its own and therefore stands for no other.
 *
 * @param all every backup of the databases in question, of every tier
 */
export function expendable(
  all: readonly BackupEntry[],
  { keep, usual, tier }: { readonly keep: Keep; readonly usual: UsualKeep; readonly tier?: BackupTier },
): BackupEntry[] {
  const newest = [...all].sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
  const lastVerified = new Set<string>();
  const whole = newest.filter(({ schemas, expiresAt }) => schemas === null && expiresAt === null);
  for (const group of grouped(whole, scopeOf).values()) {
    const verified = group.find(({ status }) => status === 'verified');
    if (verified !== undefined) lastVerified.add(verified.backupId);
  }
  return BACKUP_TIERS.filter((one) => tier === undefined || one === tier).flatMap((one) => {
    const ofTier = newest.filter((backup) => backup.tier === one);
    const limit = keep[one] ?? usual[one];
    return [...grouped(ofTier, scopeOf).values()].flatMap((group) =>
      // One that is damaged takes no place of one that is sound.
      group.filter((backup) => soundBefore(group, backup) >= limit && !lastVerified.has(backup.backupId)),
    );
  });
}

function soundBefore(newest: readonly BackupEntry[], backup: BackupEntry): number {
  return newest.slice(0, newest.indexOf(backup)).filter(({ status }) => status !== 'damaged').length;
}

function scopeOf({ server, database, schemas }: BackupEntry): string {
  return JSON.stringify([server, database, schemas === null ? null : [...schemas].sort()]);
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
