/** A flag of one kind of request. */
export interface KindFlag {
  /** As commander declares it. */
  readonly flag: string;
  readonly description: string;
  readonly required?: true;
  readonly choices?: readonly string[];
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
];
