import type { ServiceDefinition } from '#shared/contracts/registry.js';
import { ContainerDriver } from '../docker/container.driver.js';
import type { DockerPolicy } from '../docker/docker-engine.js';
import { SwarmServiceDriver } from '../docker/swarm-service.driver.js';
import { CommandServiceDriver, type CommandServicePolicy } from './command-service.driver.js';
import { HttpServiceDriver, type HttpServicePolicy } from './http-service.driver.js';
import type { ServiceDriver } from './service-driver.js';

/** What this executor may do to services, from its configuration. */
export interface ServicePolicy {
  readonly http: HttpServicePolicy;
  readonly command: CommandServicePolicy;
  readonly docker: DockerPolicy;
}

/** The driver of a service whose templates are filled. */
export function driverOf({ name, control }: ServiceDefinition, policy: ServicePolicy): ServiceDriver {
  switch (control.driver) {
    case 'http':
      return new HttpServiceDriver(control.url.replace(/\/+$/, ''), policy.http);
    case 'command':
      return new CommandServiceDriver(name, control.commands, policy.command);
    case 'docker':
      return control.service === undefined
        ? new ContainerDriver(control.container ?? name, policy.docker)
        : new SwarmServiceDriver(control.service, policy.docker);
  }
}
