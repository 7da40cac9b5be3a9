import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepRunKey } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { createFileOnce } from '../drivers/config-files/atomic-file.js';

type Whose = Pick<StepRunKey, 'migrationId' | 'stepId'>;

/**
 * What stood there before a step changed it, kept in the work root before the first change: one file per migration
 * and step, created exclusively. A second attempt finds it, and never records its own change as the original.
 */
export class Captures {
  constructor(private readonly workRoot: string) {}

  /** Keeps what `look` sees, unless something is kept already. @returns what is kept. */
  async keep(whose: Whose, look: () => Promise<JsonObject>): Promise<JsonObject> {
    const known = await this.find(whose);
    if (known !== undefined) return known;
    const seen = await look();
    await mkdir(this.directory(), { recursive: true, mode: 0o700 });
    await createFileOnce(this.path(whose), Buffer.from(JSON.stringify(seen)));
    return (await this.find(whose)) ?? seen;
  }

  async find(whose: Whose): Promise<JsonObject | undefined> {
    const text = await readFile(this.path(whose), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as JsonObject);
  }

  async forget(whose: Whose): Promise<void> {
    await rm(this.path(whose), { force: true });
  }

  private directory(): string {
    return join(this.workRoot, 'captures');
  }

  private path({ migrationId, stepId }: Whose): string {
    return join(this.directory(), `${migrationId}.${stepId}.json`);
  }
}
