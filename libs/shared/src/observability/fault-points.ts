import { existsSync, watch, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { RehomeError } from '../errors/rehome-error.js';

type Fault = { readonly action: 'kill' } | { readonly action: 'hang' | 'wait'; readonly path: string };

/**
 * Named places in the code where a test may make the process die or stand still. The specification is
 * `name=kill` (SIGKILL to itself), `name=hang:/path` (creates the file, then never returns) or `name=wait:/path`
 * (creates `/path.reached`, goes on when `/path` exists), separated by `;`. Empty: every point is passed at once.
 *
 * @throws RehomeError CONFIGURATION_INVALID for a specification that cannot be read.
 */
export class FaultPoints {
  private readonly faults: ReadonlyMap<string, Fault>;

  constructor(spec: string) {
    this.faults = new Map(
      spec
        .split(';')
        .map((part) => part.trim())
        .filter((part) => part !== '')
        .map(parseFault),
    );
  }

  async reach(name: string): Promise<void> {
    const fault = this.faults.get(name);
    if (fault === undefined) return;
    if (fault.action === 'kill') return die();
    if (fault.action === 'hang') {
      writeFileSync(fault.path, name);
      return new Promise<void>(() => undefined);
    }
    writeFileSync(`${fault.path}.reached`, name);
    await fileToExist(fault.path);
  }
}

function parseFault(part: string): [string, Fault] {
  const match = /^([a-z0-9:.-]+)=(?:(kill)|(hang|wait):(\/.+))$/.exec(part);
  const [, name, kill, action, path] = match ?? [];
  if (name !== undefined && kill !== undefined) return [name, { action: 'kill' }];
  if (name !== undefined && path !== undefined && (action === 'hang' || action === 'wait'))
    return [name, { action, path }];
  throw new RehomeError(
    'CONFIGURATION_INVALID',
    `fault point "${part}" is not name=kill, name=hang:/path or name=wait:/path`,
  );
}

/** No cleaning up, no flushing: what `kill -9` from outside would do. The promise never settles. */
function die(): Promise<void> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise<void>(() => undefined);
}

function fileToExist(path: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(dirname(path), (_event, file) => {
      if (file !== basename(path) && !existsSync(path)) return;
      watcher.close();
      resolve();
    });
    // Created between the call and the watch: no event would ever tell.
    if (existsSync(path)) {
      watcher.close();
      resolve();
    }
  });
}
