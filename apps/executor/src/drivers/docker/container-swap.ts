import type Docker from 'dockerode';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { copyOf } from './container-copy.js';
import { ask, type EngineCall } from './docker-engine.js';
import { holdsVariables, withVariables } from './environment-list.js';

type Inspected = Docker.ContainerInspectInfo;

const NOT_FOUND = 404;

/**
 * Puts a container with another environment in the place of one, in steps whose traces tell how far they came:
 * `<name>-rehome-next` is made beside it, the old one becomes `<name>-rehome-previous`, the new one takes the name.
 * The old one stays, stopped, until the next change; going back to its environment takes it itself back.
 */
export class ContainerSwap {
  private readonly next: string;
  private readonly previous: string;

  constructor(
    private readonly engine: Docker,
    private readonly name: string,
    private readonly call: EngineCall,
  ) {
    this.next = `${name}-rehome-next`;
    this.previous = `${name}-rehome-previous`;
  }

  /** Whether a change was interrupted while no container had the name. */
  async isUnderway(): Promise<boolean> {
    return (await this.inspect(this.previous)) !== undefined;
  }

  /** Ends what an attempt that died left half done: afterwards a container has the name, the new one if it was ready. */
  async finish(): Promise<void> {
    if (await this.inspect(this.name)) return;
    const [next, previous] = [await this.inspect(this.next), await this.inspect(this.previous)];
    // Else a restart of the engine would bring the old application back beside the new one.
    if (next && previous) await this.update(previous.Id, { RestartPolicy: { Name: 'no' } });
    const left = next ?? previous;
    if (left) await this.rename(left.Id, this.name);
  }

  async setEnvironment(variables: Readonly<Record<string, string>>): Promise<void> {
    await this.finish();
    const live = await this.required();
    const half = await this.inspect(this.next);
    if (half) await this.remove(half.Id);
    if (holdsVariables(live.Config.Env, variables)) return;
    refuseUnlessStopped(live, this.name);
    const previous = await this.inspect(this.previous);
    if (previous && isWayBack(live, previous, variables)) return this.goBack(live, previous);
    await this.replace(live, previous, variables);
  }

  async inspect(name: string): Promise<Inspected | undefined> {
    const inspect = (): Promise<Inspected> =>
      this.engine.getContainer(encodeURIComponent(name)).inspect({ abortSignal: this.call.signal });
    return ask(this.call, inspect, [NOT_FOUND]);
  }

  private async required(): Promise<Inspected> {
    const live = await this.inspect(this.name);
    if (live) return live;
    throw new RehomeError(
      'SERVICE_REFUSED',
      `the Docker engine has no container ${this.name}; correct its name in the service definition`,
    );
  }

  private async replace(
    live: Inspected,
    previous: Inspected | undefined,
    variables: Readonly<Record<string, string>>,
  ): Promise<void> {
    const environment = withVariables(live.Config.Env, variables);
    const { body, networks } = copyOf(live, environment, await this.imageOf(live));
    // `_query` apart: else the whole body would stand in the address too, and with it the password.
    const options = { _query: { name: this.next }, _body: body, abortSignal: this.call.signal };
    await ask(this.call, () => this.engine.createContainer(options as Docker.ContainerCreateOptions));
    for (const { name, endpoint } of networks) {
      const connect = (): Promise<unknown> =>
        this.engine.getNetwork(name).connect({ Container: this.next, EndpointConfig: endpoint });
      await ask(this.call, connect);
    }
    if (previous) await this.remove(previous.Id);
    await this.rename(live.Id, this.previous);
    await this.finish();
  }

  private async goBack(live: Inspected, previous: Inspected): Promise<void> {
    await this.update(previous.Id, changeable(live));
    await this.remove(live.Id);
    await this.rename(previous.Id, this.name);
  }

  /** By its name while that still means the same image, so that people see which; else by its id. */
  private async imageOf({ Config, Image }: Inspected): Promise<string> {
    const named = await ask(this.call, () => this.engine.getImage(Config.Image).inspect(), [NOT_FOUND]);
    return named?.Id === Image ? Config.Image : Image;
  }

  private async rename(id: string, name: string): Promise<void> {
    await ask(this.call, () => this.engine.getContainer(id).rename({ name }));
  }

  /** Its volumes stay: the other container uses them. */
  private async remove(id: string): Promise<void> {
    await ask(this.call, () => this.engine.getContainer(id).remove({ v: false }), [NOT_FOUND]);
  }

  private async update(id: string, body: object): Promise<void> {
    await ask(this.call, () => this.engine.getContainer(id).update(body));
  }
}

/** What a container can be given while it exists; 0 stands for no limit and cannot be set. */
function changeable({ HostConfig }: Inspected): object {
  const { RestartPolicy, NanoCpus = 0, CpuPeriod = 0, CpuQuota = 0, Memory = 0, MemorySwap = 0 } = HostConfig;
  return {
    RestartPolicy: RestartPolicy ?? { Name: 'no' },
    ...(NanoCpus > 0 ? { NanoCpus } : {}),
    ...(CpuQuota > 0 ? { CpuPeriod, CpuQuota } : {}),
    ...(Memory > 0 ? { Memory, MemorySwap } : {}),
  };
}

/** What was set and is the same in all but these variables: going back needs no copy. */
function isWayBack(live: Inspected, previous: Inspected, variables: Readonly<Record<string, string>>): boolean {
  if (!holdsVariables(previous.Config.Env, variables) || live.Image !== previous.Image) return false;
  const networksOf = ({ NetworkSettings }: Inspected): string => Object.keys(NetworkSettings.Networks).sort().join();
  if (networksOf(live) !== networksOf(previous)) return false;
  const others = (list: readonly string[]): string =>
    withVariables(list, { ...variables })
      .sort()
      .join('\0');
  return others(live.Config.Env) === others(previous.Config.Env);
}

function refuseUnlessStopped({ State }: Inspected, name: string): void {
  if (!State.Running && !State.Paused) return;
  throw new RehomeError(
    'SERVICE_REFUSED',
    `container ${name} runs, and another environment needs another container; stop it before its environment is set`,
  );
}
