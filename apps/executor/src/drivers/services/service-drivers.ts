import type { ServiceDefinition } from '#shared/contracts/registry.js';
import { CommandServiceDriver, type CommandServicePolicy } from './command-service.driver.js';
import { HttpServiceDriver, type HttpServicePolicy } from './http-service.driver.js';
import type { ServiceDriver } from './service-driver.js';

/** What this executor may do to services, from its configuration. */
export interface ServicePolicy {
  readonly http: HttpServicePolicy;
  readonly command: CommandServicePolicy;
}

/** The driver of a service whose templates are filled. */
export function driverOf({ name, control }: ServiceDefinition, policy: ServicePolicy): ServiceDriver {
  switch (control.driver) {
    case 'http':
      return new HttpServiceDriver(control.url.replace(/\/+$/, ''), policy.http);
    case 'command':
      return new CommandServiceDriver(name, control.commands, policy.command);
  }
}
