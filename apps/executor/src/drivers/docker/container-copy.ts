import type Docker from 'dockerode';

type Inspected = Docker.ContainerInspectInfo;

/** What a new container is made of, and the networks that it joins before it replaces the old one. */
export interface ContainerCopy {
  readonly body: object;
  readonly networks: readonly { readonly name: string; readonly endpoint: object }[];
}

/**
 * Everything that was said of a container when it was made, with another environment: image, command, labels, mounts,
 * anonymous volumes, networks with their aliases and fixed addresses, ports, limits, restart policy, health check.
 * What the engine chose itself (addresses, its id as host name) it chooses again.
 */
export function copyOf(old: Inspected, environment: readonly string[], image: string): ContainerCopy {
  const { HostConfig } = old;
  const mode = HostConfig.NetworkMode ?? 'default';
  const networks = Object.entries(old.NetworkSettings.Networks).map(([name, endpoint]) => ({
    name,
    endpoint: endpointOf(old, endpoint),
  }));
  const primary = networks.find(({ name }) => name === mode);
  return {
    body: {
      ...withoutChosenNames(old, mode),
      Image: image,
      Env: [...environment],
      HostConfig: {
        ...HostConfig,
        Binds: [...(HostConfig.Binds ?? []), ...anonymousVolumes(old)],
        ...(HostConfig.Mounts === undefined ? {} : { Mounts: namedMounts(old) }),
        Links: (HostConfig as { Links?: string[] | null }).Links?.map(linkOf) ?? null,
      },
      ...(primary === undefined ? {} : { NetworkingConfig: { EndpointsConfig: { [mode]: primary.endpoint } } }),
    },
    // Engines before API 1.44 take one network at the creation: the others are joined afterwards.
    networks: networks.filter(({ name }) => name !== mode && !isImplied(mode, name)),
  };
}

function withoutChosenNames({ Id, Config }: Inspected, mode: string): object {
  const { Hostname, Domainname, ...rest } = Config;
  // Who shares another's network has its host name and ports.
  if (mode.startsWith('container:')) return { ...rest, ExposedPorts: {} };
  return Hostname === Id.slice(0, 12) ? { ...rest, Domainname } : { ...rest, Hostname, Domainname };
}

/** The network that a mode stands for; it is joined without being asked. */
function isImplied(mode: string, name: string): boolean {
  return mode === 'default' && name === 'bridge';
}

function endpointOf({ Id }: Inspected, endpoint: Inspected['NetworkSettings']['Networks'][string]): object {
  const settings: Readonly<Record<string, unknown>> = { ...endpoint };
  const aliases = ((settings['Aliases'] ?? []) as string[]).filter((alias) => alias !== Id.slice(0, 12));
  const said = SAID_OF_ENDPOINT.map((name) => [name, settings[name]] as const).filter(([, value]) => Boolean(value));
  return { ...Object.fromEntries(said), ...(aliases.length === 0 ? {} : { Aliases: aliases }) };
}

/** The rest of an endpoint the engine chose. Of a stopped container it tells no address that it chose itself. */
const SAID_OF_ENDPOINT = ['IPAMConfig', 'Links', 'DriverOpts', 'MacAddress', 'GwPriority'];

/** Volumes that the image asked for have generated names; without them the new container would begin empty. */
function anonymousVolumes({ Mounts, HostConfig }: Inspected): string[] {
  const said = new Set([
    ...(HostConfig.Binds ?? []).map((bind) => bind.split(':')[1]),
    ...(HostConfig.Mounts ?? []).map(({ Target }) => Target),
  ]);
  return Mounts.filter(({ Type, Destination }) => Type === 'volume' && !said.has(Destination)).map(
    ({ Name, Destination, RW }) => `${Name ?? ''}:${Destination}${RW ? '' : ':ro'}`,
  );
}

/** A volume that was asked for without a name has got one, without which the new container would get another volume. */
function namedMounts({ Mounts, HostConfig }: Inspected): Docker.MountSettings[] {
  return (HostConfig.Mounts ?? []).map((mount) => {
    const made = Mounts.find(({ Destination }) => Destination === mount.Target);
    return mount.Type === 'volume' && !mount.Source && made?.Name ? { ...mount, Source: made.Name } : mount;
  });
}

/** `/db:/app/database` of an inspection is `db:database` of a creation. */
function linkOf(link: string): string {
  const [name = '', alias = ''] = link.split(':');
  return `${name.replace(/^\//, '')}:${alias.split('/').at(-1) ?? ''}`;
}
