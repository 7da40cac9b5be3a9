/** `recorded`: its files are there. `verified`: a restore of it agreed with what it holds. `damaged`: a check of its files failed. */
export const BACKUP_STATUSES = ['recorded', 'verified', 'damaged'] as const;
export type BackupStatus = (typeof BACKUP_STATUSES)[number];

/** Folders of the catalogue, shortest-lived first; `manual` is for those that a person asked for. */
export const BACKUP_TIERS = ['manual', 'daily', 'weekly', 'monthly'] as const;
export type BackupTier = (typeof BACKUP_TIERS)[number];

/** What a restore of a backup gave, compared with what was backed up: digests and counts, never content. */
export interface BackupProof {
  /** `scratch-restore`: into a database of its own, dropped afterwards. `restore`: into one that was asked for. `moved-copy`: the copy that a move published. */
  readonly method: 'scratch-restore' | 'restore' | 'moved-copy';
  readonly migrationId: string;
  readonly tables: number;
  /** Decimal. */
  readonly rows: string;
  /** See `contentDigest`: equal contents give equal digests. */
  readonly contentDigest: string;
  readonly structureDigest: string;
}
