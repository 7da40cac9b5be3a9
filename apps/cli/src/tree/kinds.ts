/** A flag of one kind of request. */
export interface KindFlag {
  /** As commander declares it. */
  readonly flag: string;
  readonly description: string;
  readonly required?: true;
  readonly choices?: readonly string[];
  /** May be repeated; its value is a list. */
  readonly list?: true;
  /** Where its value stands in the request, dotted; a flag that stands for two fields names both, split at `/`. */
  readonly field: string | readonly [string, string];
}

export interface KindOfRequest {
  readonly kind: string;
  readonly description: string;
  readonly flags: readonly KindFlag[];
}

/** Kinds that can be asked for by flags; every other one by `--file`. */
export const KINDS: readonly KindOfRequest[] = [
  {
    kind: 'upgrade',
    description: 'give a tenant another subscription plan; moves its database when the plan says so',
    flags: [
      { flag: '--instance <id>', description: 'the tenant', required: true, field: 'instanceId' },
      { flag: '--to-plan <plan>', description: 'its new subscription plan', required: true, field: 'toPlan' },
    ],
  },
  {
    kind: 'relocate',
    description: 'move a database to another server, also across major versions',
    flags: [
      {
        flag: '--source <server/database>',
        description: 'what moves',
        required: true,
        field: ['source.server', 'source.database'],
      },
      {
        flag: '--target <server/database>',
        description: 'where it is to live',
        required: true,
        field: ['target.server', 'target.database'],
      },
      { flag: '--owner <role>', description: 'of the target', field: 'target.owner' },
      { flag: '--service <name>', description: 'that uses the database', field: 'service' },
      { flag: '--mode <how>', description: 'of the move', choices: ['offline'], field: 'mode' },
    ],
  },
  {
    kind: 'return',
    description: 'go back after a completed move',
    flags: [
      { flag: '--migration <id>', description: 'the completed move', required: true, field: 'migrationId' },
      {
        flag: '--data <which>',
        description: 'what comes back',
        required: true,
        choices: ['current', 'discard-since-cutover'],
        field: 'data',
      },
    ],
  },
  {
    kind: 'retire',
    description: 'drop what a completed move left behind',
    flags: [
      { flag: '--migration <id>', description: 'the completed move', required: true, field: 'migrationId' },
      { flag: '--backup <id>', description: 'a verified backup of what goes', required: true, field: 'backupId' },
    ],
  },
  {
    kind: 'backup',
    description: 'back a database up and prove it',
    flags: [
      {
        flag: '--database <server/database>',
        description: 'what is backed up',
        required: true,
        field: ['database.server', 'database.database'],
      },
      { flag: '--label <text>', description: 'what people call it', field: 'label' },
      { flag: '--tier <tier>', description: 'how long it is kept', field: 'tier' },
      { flag: '--schema <name>', description: 'only this schema; may be repeated', list: true, field: 'schemas' },
      { flag: '--compress <how>', description: 'compression', field: 'compress' },
    ],
  },
  {
    kind: 'restore',
    description: 'bring a backup back as a database',
    flags: [
      { flag: '--backup <id>', description: 'the backup', field: 'backupId' },
      { flag: '--latest-tier <tier>', description: 'or the newest of this tier', field: 'latest.tier' },
      { flag: '--latest-label <text>', description: 'or the newest with this label', field: 'latest.label' },
      {
        flag: '--latest-of <server/database>',
        description: 'the newest of this database',
        field: ['latest.server', 'latest.database'],
      },
      { flag: '--dump <path>', description: 'or a dump of others, at the executor', field: 'file' },
      { flag: '--owner <role>', description: 'of the target', field: 'target.owner' },
      { flag: '--schema <name>', description: 'only this schema; may be repeated', list: true, field: 'schemas' },
      {
        flag: '--target <server/database>',
        description: 'where it is to stand',
        required: true,
        field: ['target.server', 'target.database'],
      },
    ],
  },
];
