import { hkdfSync } from 'node:crypto';
import { configurationInvalid, readSettings } from '#shared/configuration/read-settings.js';
import type { LedgerPasswords } from '#shared/database/ledger-roles.js';
import { setUpLedger, withDatabase } from '#shared/database/set-up.js';
import { readVaultKey } from '../../../executor/src/secrets/sealing.js';

export interface ServiceUrls {
  readonly plannerUrl: string;
  readonly executorUrl: string;
}

/** Where every server has a database that is not ours. */
const MAINTENANCE_DATABASE = 'postgres';
const DEFAULT_DATABASE = 'rehome';
const PASSWORD_BYTES = 24;

/**
 * Where both parts find the ledger. With an administrator's address, whatever is missing of it is made first, under the
 * lock that all set-ups take; logins that are there already keep their passwords.
 *
 * @throws RehomeError CONFIGURATION_INVALID, POSTGRES_…
 */
export async function ledgerUrlsOf(environment: NodeJS.ProcessEnv): Promise<ServiceUrls> {
  const settings = readSettings(
    ['ledgerAdminUrl', 'ledgerPlannerUrl', 'ledgerExecutorUrl', 'vaultKey', 'vaultKeyFile'],
    environment,
  );
  const { ledgerAdminUrl: adminUrl, ledgerPlannerUrl: plannerUrl, ledgerExecutorUrl: executorUrl } = settings;
  const given = plannerUrl === undefined || executorUrl === undefined ? undefined : { plannerUrl, executorUrl };
  if (adminUrl === undefined && given === undefined)
    throw configurationInvalid([
      'give REHOME_LEDGER_ADMIN_URL, or REHOME_LEDGER_PLANNER_URL and REHOME_LEDGER_EXECUTOR_URL: without them there is no ledger',
    ]);
  if (adminUrl === undefined) return given as ServiceUrls;
  if (!URL.canParse(adminUrl))
    throw configurationInvalid(['REHOME_LEDGER_ADMIN_URL is no URL; give postgres://user:password@host:5432/rehome']);
  const vaultKey = readVaultKey({ key: settings.vaultKey, file: settings.vaultKeyFile });
  const made = await setUpLedger({
    adminUrl: withDatabase(adminUrl, MAINTENANCE_DATABASE),
    database: decodeURIComponent(new URL(adminUrl).pathname.slice(1)) || DEFAULT_DATABASE,
    passwords: passwordsFrom(vaultKey),
    keepPasswords: true,
  });
  return given ?? made;
}

/** The same at every start and on every host of a site, and kept nowhere. */
function passwordsFrom(vaultKey: Buffer): LedgerPasswords {
  const password = (login: string): string =>
    Buffer.from(hkdfSync('sha256', vaultKey, '', `rehome ledger login ${login}`, PASSWORD_BYTES)).toString('base64url');
  return { planner: password('planner'), executor: password('executor'), analyst: password('analyst') };
}
