import type Docker from 'dockerode';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { ServiceResources } from '#shared/contracts/steps/service-steps.js';
import type { ServiceDriver, ServiceState } from '../services/service-driver.js';
import { ask, connectEngine, type DockerPolicy, type EngineCall } from './docker-engine.js';
import { ContainerSwap } from './container-swap.js';
import { demultiplex } from './log-stream.js';
import { limitsOf } from './resources.js';

const NOT_MODIFIED = 304;

/** Controls one container. An environment is what a container is made with: setting it makes another in its place. */
export class ContainerDriver implements ServiceDriver {
  private readonly engine: Docker;

  constructor(
    private readonly name: string,
    private readonly policy: DockerPolicy,
  ) {
    this.engine = connectEngine(policy);
  }

  async stop(signal: AbortSignal): Promise<void> {
    const container = await this.present(signal);
    if (container.HostConfig.AutoRemove === true) {
      throw new RehomeError(
        'SERVICE_REFUSED',
        `container ${this.name} removes itself when it stops (--rm); start it without that, or it cannot come back`,
      );
    }
    const stop = (): Promise<unknown> => this.engine.getContainer(container.Id).stop({ abortSignal: signal });
    await ask(this.call('stop', signal), stop, [NOT_MODIFIED]);
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.swap(signal).finish();
    const { Id } = await this.present(signal);
    const start = (): Promise<unknown> => this.engine.getContainer(Id).start({ abortSignal: signal });
    await ask(this.call('start', signal), start, [NOT_MODIFIED]);
  }

  async status(signal: AbortSignal): Promise<ServiceState> {
    const found = await this.swap(signal).inspect(this.name);
    // Between two renames of an interrupted change there is none of the name: nothing runs, and `start` finishes it.
    if (!found && (await this.swap(signal).isUnderway())) return { state: 'stopped' };
    const { State, RestartCount } = found ?? (await this.present(signal));
    const state = State.Status === 'created' ? 'stopped' : State.Status === 'dead' ? 'exited' : State.Status;
    const health = State.Health?.Status;
    return {
      state,
      restarts: RestartCount,
      ...(health === undefined || health === 'none' ? {} : { healthy: health === 'healthy' }),
      ...(state === 'exited' ? { exitCode: State.ExitCode } : {}),
    };
  }

  async setEnvironment(variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    await this.swap(signal).setEnvironment(variables);
  }

  async resize(resources: ServiceResources, signal: AbortSignal): Promise<void> {
    await this.swap(signal).finish();
    const { Id, HostConfig } = await this.present(signal);
    const { nanoCpus, memoryBytes } = limitsOf(resources);
    // The engine keeps either a quota or NanoCpus, and refuses the other.
    const cpu =
      nanoCpus === undefined
        ? {}
        : (HostConfig.CpuQuota ?? 0) > 0
          ? { CpuPeriod: 100_000, CpuQuota: Math.round(nanoCpus / 10_000) }
          : { NanoCpus: nanoCpus };
    // Twice the memory is the engine's own default; one that is lower than the memory is refused.
    const swap = HostConfig.MemorySwap === -1 ? -1 : 2 * (memoryBytes ?? 0);
    const memory = memoryBytes === undefined ? {} : { Memory: memoryBytes, MemorySwap: swap };
    const body = { ...cpu, ...memory };
    if (Object.keys(body).length === 0) return;
    await ask(this.call('update', signal), () => this.engine.getContainer(Id).update({ ...body, abortSignal: signal }));
  }

  async logs(since: Date, signal: AbortSignal): Promise<string> {
    const { Id, Config } = await this.present(signal);
    const options = { stdout: true, stderr: true, tail: 500, since: Math.floor(since.getTime() / 1000) };
    const bytes = await ask(this.call('logs', signal), () =>
      this.engine.getContainer(Id).logs({ ...options, follow: false, abortSignal: signal }),
    );
    return this.policy.redactor.clean(demultiplex(bytes ?? Buffer.alloc(0), Config.Tty));
  }

  private async present(signal: AbortSignal): Promise<Docker.ContainerInspectInfo> {
    const found = await this.swap(signal).inspect(this.name);
    if (found) return found;
    throw new RehomeError(
      'SERVICE_REFUSED',
      `the Docker engine has no container ${this.name}; correct its name in the service definition`,
    );
  }

  private swap(signal: AbortSignal): ContainerSwap {
    return new ContainerSwap(this.engine, this.name, this.call('environment', signal));
  }

  private call(verb: string, signal: AbortSignal): EngineCall {
    return { what: `${verb} of container ${this.name}`, redactor: this.policy.redactor, signal };
  }
}
