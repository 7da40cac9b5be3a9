/** One setting of the command line, with each of its names. */
export interface CliSetting {
  readonly variable: string;
  /** As commander declares it; absent for what may not stand in a list of processes. */
  readonly flag?: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  /** Never shown. */
  readonly secret?: true;
  readonly description: string;
}

/** Every setting; its key is its name in `rehome.yaml`. docs/reference/cli.md and this list are held together by a test. */
export const CLI_SETTINGS = {
  url: {
    variable: 'REHOME_URL',
    flag: '--url <url>',
    default: 'http://127.0.0.1:8400',
    description: 'address of the planner',
  },
  keyFile: {
    variable: 'REHOME_API_KEY_FILE',
    flag: '--key-file <path>',
    description: 'file that holds the API key',
  },
  apiKey: {
    variable: 'REHOME_API_KEY',
    secret: true,
    description: 'the API key itself',
  },
  inProcess: {
    variable: 'REHOME_IN_PROCESS',
    flag: '--in-process',
    default: 'false',
    choices: ['true', 'false'],
    description: 'planner and executor run in this process, with the ledger and without Kafka',
  },
  progress: {
    variable: 'REHOME_PROGRESS',
    flag: '--progress <how>',
    default: 'auto',
    choices: ['auto', 'tty', 'plain', 'json', 'none'],
    description: 'how work under way is shown',
  },
  timeout: {
    variable: 'REHOME_TIMEOUT',
    flag: '--timeout <seconds>',
    description: 'longest wait for a migration; it goes on, the command ends with 124',
  },
} as const satisfies Readonly<Record<string, CliSetting>>;

export type CliSettingName = keyof typeof CLI_SETTINGS;
export const CLI_SETTING_NAMES = Object.keys(CLI_SETTINGS) as CliSettingName[];
