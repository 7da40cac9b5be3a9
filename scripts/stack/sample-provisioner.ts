import { ReadyProcess } from './ready-process.js';

export interface SampleProvisioner {
  readonly url: string;
  stop(): Promise<void>;
}

/** The provisioner of `examples/sample-tenant`, as a process of its own: it makes and starts a new cluster per request. */
export async function startSampleProvisioner(major: number): Promise<SampleProvisioner> {
  const process = await ReadyProcess.start<{ url: string }>('examples/sample-tenant/provisioner.js', [
    '--major',
    String(major),
  ]);
  return {
    url: process.facts.url,
    stop: async () => {
      await process.stop();
    },
  };
}
