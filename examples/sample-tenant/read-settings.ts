import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/**
 * Settings as one JSON object, from a file, or from standard input for `-`. Passwords come this way and never as
 * arguments, which every process of the machine can read.
 * @throws Error that names the setting which is missing or has another type.
 */
export class JsonSettings {
  private constructor(private readonly values: ReadonlyMap<string, unknown>) {}

  static async read(path: string): Promise<JsonSettings> {
    const json: unknown = JSON.parse(path === '-' ? await text(process.stdin) : await readFile(path, 'utf8'));
    if (typeof json !== 'object' || json === null) throw new Error('the settings are not a JSON object');
    return new JsonSettings(new Map(Object.entries(json)));
  }

  text(name: string): string {
    const value = this.values.get(name);
    if (typeof value !== 'string' || value === '') throw new Error(`the setting "${name}" must be a text`);
    return value;
  }

  number(name: string, otherwise: number): number {
    const value = this.values.get(name) ?? otherwise;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      throw new Error(`the setting "${name}" must be a number that is not negative`);
    }
    return value;
  }
}
