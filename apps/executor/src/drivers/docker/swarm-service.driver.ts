import type Docker from 'dockerode';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { ServiceResources } from '#shared/contracts/steps/service-steps.js';
import type { ServiceDriver, ServiceState } from '../services/service-driver.js';
import { ask, connectEngine, type DockerPolicy, type EngineCall } from './docker-engine.js';
import { holdsVariables, withVariables } from './environment-list.js';
import { demultiplex } from './log-stream.js';
import { limitsOf } from './resources.js';

/** Remembers in the service itself how many replicas a start brings back. */
const REPLICAS_LABEL = 'rehome.replicas';
const ATTEMPTS = 3;

interface Found {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: Spec;
}

/** The part that is looked at; everything else of a specification is sent back as it came. */
interface Spec {
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Mode: { readonly Replicated?: { readonly Replicas?: number } };
  readonly TaskTemplate: {
    readonly ForceUpdate?: number;
    readonly ContainerSpec: { readonly Env?: readonly string[] | null; readonly TTY?: boolean };
    readonly Resources?: { readonly Limits?: object };
  };
}

/** Controls a replicated service of a swarm: stopped is scaled to none, started is the replicas it had. */
export class SwarmServiceDriver implements ServiceDriver {
  private readonly engine: Docker;

  constructor(
    private readonly name: string,
    private readonly policy: DockerPolicy,
  ) {
    this.engine = connectEngine(policy);
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.update('stop', signal, (spec) => {
      const replicas = this.replicasOf(spec);
      if (replicas === 0) return undefined;
      const labels = { ...spec.Labels, [REPLICAS_LABEL]: String(replicas) };
      return { ...scaled(spec, 0), Labels: labels };
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.update('start', signal, (spec) => {
      if (this.replicasOf(spec) > 0) return undefined;
      const { [REPLICAS_LABEL]: before = '1', ...labels } = spec.Labels ?? {};
      return { ...scaled(spec, Number(before)), Labels: labels };
    });
  }

  async status(signal: AbortSignal): Promise<ServiceState> {
    const { Spec: spec } = await this.find('status', signal);
    const wanted = this.replicasOf(spec);
    const filters = JSON.stringify({ service: [this.name] });
    const tasks = (await ask(this.call('status', signal), () => this.engine.listTasks({ filters }))) ?? [];
    const states = tasks.map((task: { Status?: { State?: string }; DesiredState?: string }) => ({
      now: task.Status?.State,
      wanted: task.DesiredState,
    }));
    const running = states.filter(({ now }) => now === 'running');
    if (wanted === 0) return { state: running.length === 0 ? 'stopped' : 'stopping' };
    const arrived = running.filter((task) => task.wanted === 'running').length;
    // A task counts as running once its health check passes.
    return arrived >= wanted ? { state: 'running', healthy: true } : { state: 'starting', healthy: false };
  }

  async setEnvironment(variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    await this.update('environment', signal, (spec) => {
      const { ContainerSpec, ForceUpdate = 0, ...template } = spec.TaskTemplate;
      const present = ContainerSpec.Env ?? [];
      if (holdsVariables(present, variables)) return undefined;
      const container = { ...ContainerSpec, Env: withVariables(present, variables) };
      return { ...spec, TaskTemplate: { ...template, ContainerSpec: container, ForceUpdate: ForceUpdate + 1 } };
    });
  }

  async resize(resources: ServiceResources, signal: AbortSignal): Promise<void> {
    const { nanoCpus, memoryBytes } = limitsOf(resources);
    await this.update('resources', signal, (spec) => {
      const { Resources } = spec.TaskTemplate;
      const limits = {
        ...Resources?.Limits,
        ...(nanoCpus === undefined ? {} : { NanoCPUs: nanoCpus }),
        ...(memoryBytes === undefined ? {} : { MemoryBytes: memoryBytes }),
      };
      return { ...spec, TaskTemplate: { ...spec.TaskTemplate, Resources: { ...Resources, Limits: limits } } };
    });
  }

  /** Of all its tasks; the engine answers nothing where the log driver keeps nothing. */
  async logs(since: Date, signal: AbortSignal): Promise<string> {
    const { ID, Spec: spec } = await this.find('logs', signal);
    const options = { stdout: true, stderr: true, tail: 500, since: Math.floor(since.getTime() / 1000) };
    const answered = await ask(this.call('logs', signal), () =>
      this.engine.getService(ID).logs({ ...options, follow: false, abortSignal: signal }),
    );
    return this.policy.redactor.clean(demultiplex(await allOf(answered), spec.TaskTemplate.ContainerSpec.TTY === true));
  }

  /** Reads, changes and writes; the engine refuses a version that somebody else moved on, and then it is read again. */
  private async update(verb: string, signal: AbortSignal, change: (spec: Spec) => Spec | undefined): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { ID, Version, Spec: spec } = await this.find(verb, signal);
      const changed = change(spec);
      if (changed === undefined) return;
      const options = { _query: { version: Version.Index }, _body: changed, abortSignal: signal };
      try {
        await ask(this.call(verb, signal), () => this.engine.getService(ID).update(options));
        return;
      } catch (error) {
        const { Version: now } = await this.find(verb, signal);
        if (now.Index === Version.Index || attempt === ATTEMPTS) throw error;
      }
    }
  }

  private async find(verb: string, signal: AbortSignal): Promise<Found> {
    const inspect = (): Promise<Found> => this.engine.getService(encodeURIComponent(this.name)).inspect();
    const found = await ask(this.call(verb, signal), inspect, [404]);
    if (found) return found;
    throw new RehomeError(
      'SERVICE_REFUSED',
      `the swarm has no service ${this.name}; correct its name in the service definition`,
    );
  }

  private replicasOf(spec: Spec): number {
    const { Replicated } = spec.Mode;
    if (Replicated) return Replicated.Replicas ?? 1;
    throw new RehomeError(
      'SERVICE_REFUSED',
      `the swarm service ${this.name} is not replicated: it cannot be scaled to none`,
    );
  }

  private call(verb: string, signal: AbortSignal): EngineCall {
    return { what: `${verb} of swarm service ${this.name}`, redactor: this.policy.redactor, signal };
  }
}

/** dockerode answers the log of a service as a stream or whole, by the engine's version. */
async function allOf(answered: NodeJS.ReadableStream | Buffer | undefined): Promise<Buffer> {
  if (answered === undefined || Buffer.isBuffer(answered)) return answered ?? Buffer.alloc(0);
  const chunks: Buffer[] = [];
  for await (const chunk of answered) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function scaled(spec: Spec, replicas: number): Spec {
  return { ...spec, Mode: { ...spec.Mode, Replicated: { ...spec.Mode.Replicated, Replicas: replicas } } };
}
