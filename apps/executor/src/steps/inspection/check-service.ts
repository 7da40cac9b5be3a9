import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { ConfigFileDefinition, SecretFileDefinition, ServiceDefinition } from '#shared/contracts/registry.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { driverOf } from '../../drivers/services/service-drivers.js';
import { judge } from '../../postgres/inspection/check.js';
import type { StepContext } from '../../running/step.js';
import { environmentOf } from '../service/service-description.js';

type Context = StepContext<'inspect-move'>;

/** The controller answers, and every file can be edited: found out before anything is stopped. */
export async function checkService(context: Context): Promise<PreflightCheck[]> {
  const { service } = context.params;
  if (service === undefined) return [];
  const checks = [await checkReachable(context, service), ...checkEnvironment(service)];
  for (const file of service.configFiles) checks.push(await checkFile(context, file));
  if (service.secretFile !== undefined) checks.push(await checkSecretFile(context, service.secretFile));
  return checks;
}

async function checkReachable({ tools, signal }: Context, service: ServiceDefinition): Promise<PreflightCheck> {
  try {
    const { state } = await driverOf(service, tools.services).status(signal);
    return judge('service-reachable', 'error', `${service.name} is ${state}`, undefined);
  } catch (error) {
    signal.throwIfAborted();
    const remedy = `see that the controller of ${service.name} runs and that the executor may call it`;
    return judge('service-reachable', 'error', '', { found: toRehomeError(error).message, remedy });
  }
}

/** A connection string that cannot be made is found before anything is stopped. */
function checkEnvironment({ name, environment }: ServiceDefinition): PreflightCheck[] {
  if (environment?.url === undefined) return [];
  try {
    environmentOf(environment, { host: 'host', port: 1, user: 'user', database: 'database' }, 'password');
    return [judge('service-environment', 'error', `${environment.url} can be made of its template`, undefined)];
  } catch (error) {
    const remedy = `correct environment.urlTemplate of ${name}`;
    return [judge('service-environment', 'error', '', { found: toRehomeError(error).message, remedy })];
  }
}

/** Tells also which host the file names now: an application that reads it connects there. */
async function checkFile({ tools, signal }: Context, file: ConfigFileDefinition): Promise<PreflightCheck> {
  try {
    const { path, values } = await tools.configFiles.read(file);
    const host = values.host === undefined ? 'names no host' : `names host ${values.host}`;
    return judge('config-file', 'error', `${path} holds every key and ${host}`, undefined);
  } catch (error) {
    signal.throwIfAborted();
    const { message } = toRehomeError(error);
    return judge('config-file', 'error', '', { found: message, remedy: `put ${file.path} right and request again` });
  }
}

async function checkSecretFile({ tools, signal }: Context, file: SecretFileDefinition): Promise<PreflightCheck> {
  try {
    const { path, existed } = await tools.secretFiles.look(file);
    return judge('secret-file', 'error', `${path} ${existed ? 'can be written' : 'will be created'}`, undefined);
  } catch (error) {
    signal.throwIfAborted();
    const { message } = toRehomeError(error);
    return judge('secret-file', 'error', '', { found: message, remedy: `put ${file.path} right and request again` });
  }
}
