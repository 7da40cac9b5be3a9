import { RehomeError } from '#shared/errors/rehome-error.js';

/** `name`, `name:port`, `[::1]` or `[::1]:port`; without a port every port of the host is allowed. */
export type AllowedHosts = readonly string[];

/**
 * An address that calls may go to.
 * @throws RehomeError ADDRESS_NOT_ALLOWED when it is not http(s), carries credentials or names another host.
 */
export function allowedUrl(address: string, allowed: AllowedHosts): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw notAllowed('an address that is not http or https', 'correct it in the registry');
  }
  if (url.username !== '' || url.password !== '') {
    throw notAllowed(`an address of ${url.host} with a user or password in it`, 'take them out');
  }
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const names = new Set([url.hostname, `${url.hostname}:${port}`]);
  if (!allowed.some((entry) => names.has(entry.toLowerCase()))) {
    throw notAllowed(
      `${url.hostname}:${port}`,
      `add it to the executor's allowed hosts (now ${allowed.join(', ') || 'none'})`,
    );
  }
  return url;
}

function notAllowed(what: string, todo: string): RehomeError {
  return new RehomeError('ADDRESS_NOT_ALLOWED', `calls may not go to ${what}; ${todo}`);
}
