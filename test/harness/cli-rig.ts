import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn as spawnTerminal, type IPty } from '@lydell/node-pty';

const PROGRAM = join(process.cwd(), 'scripts/rehome.mjs');

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Given on standard input; closed at once when absent. */
  readonly input?: string;
  /** Ctrl-C is pressed as soon as standard error or output hold the text, once: a second one would not wait for its end. */
  readonly interruptAt?: string;
}

/** `rehome` as a person types it: the real program in a folder of its own. */
export class CliRig {
  readonly directory = mkdtempSync(join(tmpdir(), 'rehome-cli-'));

  constructor(private readonly settings: { readonly url: string; readonly apiKey: string }) {}

  /** Nothing of it is a terminal. */
  async run(args: readonly string[], { env = {}, input, interruptAt }: CliOptions = {}): Promise<CliResult> {
    const child = spawnProcess(process.execPath, [PROGRAM, ...args], { cwd: this.directory, env: this.env(env) });
    let [out, err] = ['', ''];
    let interrupted = false;
    const heard = (): void => {
      if (interrupted || interruptAt === undefined || !(out + err).includes(interruptAt)) return;
      interrupted = child.kill('SIGINT');
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      heard();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      heard();
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    await once(child, 'close');
    return { code: child.exitCode, out, err };
  }

  /** Standard output as JSON. @throws Error when the command did not end with 0 */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { code, out, err } = await this.run([...args, '--json']);
    if (code !== 0) throw new Error(`rehome ${args.join(' ')} ended with ${String(code)}: ${err}`);
    return JSON.parse(out) as T;
  }

  /** At a terminal. */
  terminal(
    args: readonly string[],
    options: { readonly columns?: number; readonly env?: Readonly<Record<string, string>> } = {},
  ): CliTerminal {
    return new CliTerminal(
      spawnTerminal(process.execPath, [PROGRAM, ...args], {
        // It becomes TERM, whatever the environment says.
        name: options.env?.['TERM'] ?? 'xterm-256color',
        cols: options.columns ?? 120,
        rows: 40,
        cwd: this.directory,
        env: this.env({ TERM: 'xterm-256color', ...options.env }),
      }),
    );
  }

  /** A file in the folder where the commands run. */
  file(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Only what is named here: the settings of whoever runs the tests must not matter. */
  private env(more: Readonly<Record<string, string>>): Record<string, string> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.directory,
      LANG: 'C.UTF-8',
      XDG_CONFIG_DIRS: join(this.directory, 'nothing'),
      REHOME_URL: this.settings.url,
      REHOME_API_KEY: this.settings.apiKey,
      ...more,
    };
  }
}

/** A pseudo-terminal and what was written to it. */
export class CliTerminal {
  /** With its escape sequences. */
  raw = '';
  readonly exited: Promise<number>;

  constructor(private readonly pty: IPty) {
    pty.onData((text) => (this.raw += text));
    this.exited = new Promise((resolve) => {
      pty.onExit(({ exitCode }) => {
        resolve(exitCode);
      });
    });
  }

  /** Everything that was ever shown, without colours and moves. */
  get text(): string {
    return this.raw.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '');
  }

  /** Resolves when the text matches. @throws Error with what stands there when it does not come */
  async shows(pattern: RegExp): Promise<void> {
    await this.until(pattern, () => this.text);
  }

  /** The same of what was written, with its escape sequences. */
  async writes(pattern: RegExp): Promise<void> {
    await this.until(pattern, () => this.raw);
  }

  private async until(pattern: RegExp, written: () => string, limitMs = 60_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!pattern.test(written())) {
      if (Date.now() > deadline) throw new Error(`${String(pattern)} never came:\n${this.text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  type(text: string): void {
    this.pty.write(text);
  }

  kill(): void {
    this.pty.kill();
  }
}
