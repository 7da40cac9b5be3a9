import { tmpdir } from 'node:os';
import type { LedgerUrls } from '#shared/database/set-up.js';

/** What both services of a stack are told. */
export interface StackEnvironment {
  readonly urls: LedgerUrls;
  readonly brokers: string;
  readonly plannerPort: number;
  readonly executorPort: number;
  /** Names, roles and hashes. */
  readonly apiKeys: string;
  readonly cataloguePath: string;
  readonly workRoot: string;
  readonly vaultKey: string;
  /** Signs commands; PEM. */
  readonly keys: { readonly privateKey: string; readonly publicKey: string };
  readonly provisionerUrl?: string;
  /** By server name. */
  readonly adminPasswords: Readonly<Record<string, string>>;
}

export function plannerEnvironment(environment: StackEnvironment): Record<string, string> {
  return {
    REHOME_LEDGER_URL: environment.urls.plannerUrl,
    REHOME_KAFKA_BROKERS: environment.brokers,
    REHOME_PLANNER_PORT: String(environment.plannerPort),
    REHOME_CATALOGUE: environment.cataloguePath,
    REHOME_API_KEYS: environment.apiKeys,
    REHOME_SIGNING_KEY: environment.keys.privateKey,
  };
}

/** A stack is for development: services, config files and dumps of whoever starts it are allowed. */
export function executorEnvironment(environment: StackEnvironment): Record<string, string> {
  const secrets: Record<string, string> = {};
  const roots = [tmpdir(), process.cwd()].join(',');
  for (const [server, secret] of Object.entries(environment.adminPasswords)) secrets[secretName(server)] = secret;
  return {
    REHOME_LEDGER_URL: environment.urls.executorUrl,
    REHOME_KAFKA_BROKERS: environment.brokers,
    REHOME_EXECUTOR_PORT: String(environment.executorPort),
    REHOME_WORK_ROOT: environment.workRoot,
    REHOME_VAULT_KEY: environment.vaultKey,
    REHOME_COMMAND_KEYS: environment.keys.publicKey,
    REHOME_CONFIG_ROOTS: roots,
    REHOME_SECRET_ROOTS: roots,
    REHOME_BACKUP_ROOTS: roots,
    REHOME_ALLOWED_HOSTS: '127.0.0.1,localhost',
    REHOME_ALLOWED_PROGRAMS: process.execPath,
    ...(environment.provisionerUrl === undefined
      ? {}
      : { REHOME_PROVISIONER_URL: environment.provisionerUrl, REHOME_PROVISIONER_DEPROVISION: 'true' }),
    ...secrets,
  };
}

/** Name of the variable that carries a server's administrator password to the executor. */
export function secretName(server: string): string {
  return `REHOME_SECRET_${server.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}
