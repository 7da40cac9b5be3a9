import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReadyProcess } from './ready-process.js';

export interface NeighbourCounts {
  readonly writes: number;
  readonly errors: number;
  readonly lastError?: string;
}

/** A second tenant on the same shared server, writing all the time: it must notice nothing. */
export class SampleNeighbour {
  private constructor(
    private readonly process: ReadyProcess<{ url: string }>,
    private readonly settingsFolder: string,
  ) {}

  static async start(adminUrl: string, directory: string): Promise<SampleNeighbour> {
    const folder = mkdtempSync(join(directory, 'neighbour-'));
    const settings = join(folder, 'settings.json');
    const ownerPassword = randomBytes(18).toString('base64url');
    // By file: every process of the machine can read arguments.
    writeFileSync(
      settings,
      JSON.stringify({ adminUrl, database: 'globex', owner: 'globex', ownerPassword, writesPerSecond: 40 }),
      { mode: 0o600 },
    );
    const process = await ReadyProcess.start<{ url: string }>('examples/sample-tenant/neighbour.js', [
      '--settings',
      settings,
    ]);
    return new SampleNeighbour(process, folder);
  }

  async counts(): Promise<NeighbourCounts> {
    return (await (await fetch(`${this.process.facts.url}/counts`)).json()) as NeighbourCounts;
  }

  async stop(): Promise<void> {
    await this.process.stop();
    rmSync(this.settingsFolder, { recursive: true, force: true });
  }
}
