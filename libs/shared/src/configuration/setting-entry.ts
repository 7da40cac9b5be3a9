type SettingType = 'text' | 'integer' | 'flag' | 'list' | 'choice';

export interface SettingEntry {
  /** The environment variable. */
  readonly name: string;
  readonly type: SettingType;
  /** As it would stand in the environment. Absent: must be given, unless `optional`. */
  readonly default?: string;
  readonly optional?: true;
  readonly unit?: 'ms' | 'bytes';
  readonly minimum?: number;
  readonly choices?: readonly string[];
  /** Its value is never shown, not even in a problem. */
  readonly secret?: true;
  /** May be given as the path of a file that holds it, in the variable of this name with `_FILE` behind. */
  readonly orFile?: true;
  /** Refused when NODE_ENV is `production`. */
  readonly forTests?: true;
  readonly usedBy: readonly ('planner' | 'executor' | 'in-process')[];
  readonly description: string;
}
