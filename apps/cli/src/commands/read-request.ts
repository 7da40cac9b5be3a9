import { readFileSync } from 'node:fs';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import { KINDS } from '../tree/kinds.js';

/** Flags of every kind of request, as commander gives them. */
export interface RequestFlags {
  readonly file?: string;
  readonly approval?: string;
  readonly runAt?: string;
  readonly maxDowntime?: string;
  readonly rehearse?: boolean;
  readonly onBusy?: string;
  readonly labels?: readonly string[];
}

type Fields = Record<string, unknown>;

/**
 * The request that flags or a file describe; the planner judges it.
 *
 * @param kind name of the command below `submit` or `plan`; undefined for the file form
 * @throws CliError with exit 64
 */
export async function readRequest(kind: string | undefined, flags: RequestFlags): Promise<Fields> {
  return withOptions(kind === undefined ? await fromFile(flags.file) : fromFlags(kind, { ...flags }), flags);
}

/** The request with what every kind takes; what it says itself stays where no flag says something else. */
export function withOptions(request: Fields, flags: RequestFlags): Fields {
  const options = optionsOf(flags);
  if (Object.keys(options).length === 0) return request;
  const given = request['options'];
  return { ...request, options: { ...(typeof given === 'object' ? given : {}), ...options } };
}

async function fromFile(path: string | undefined): Promise<Fields> {
  if (path === undefined)
    throw new CliError(EXIT.usage, 'what is asked for is missing: name a kind, or give --file', 'rehome submit --help');
  return readObject(path);
}

/** The object in a file, JSON or YAML. @throws CliError with exit 64 */
export async function readObject(path: string): Promise<Fields> {
  const text = readText(path);
  const { parse } = await import('yaml');
  try {
    // Every JSON text is YAML, too.
    const body: unknown = parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, `${path} is neither JSON nor YAML: ${why}`);
  }
  throw new CliError(EXIT.usage, `${path} must hold one object`);
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.usage, `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function fromFlags(kind: string, flags: Fields): Fields {
  const request: Fields = { kind };
  for (const { flag, field } of KINDS.find((one) => one.kind === kind)?.flags ?? []) {
    const value = flags[attributeOf(flag)];
    if (typeof value !== 'string' && !Array.isArray(value)) continue;
    if (typeof field === 'string') setField(request, field, value);
    else if (typeof value === 'string') setPair(request, field, { flag, value });
  }
  return request;
}

/** `--to-plan <plan>` → `toPlan`, as commander names it. */
function attributeOf(flag: string): string {
  const name = /--([a-z-]+)/.exec(flag)?.[1] ?? '';
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function setField(request: Fields, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? path;
  let into = request;
  for (const name of names) {
    const inner = into[name];
    const next: Fields = typeof inner === 'object' && inner !== null ? { ...inner } : {};
    into[name] = next;
    into = next;
  }
  into[last] = value;
}

/** `server/database`: the database may hold slashes, the server's name does not. */
function setPair(
  request: Fields,
  [first, second]: readonly [string, string],
  given: { flag: string; value: string },
): void {
  const at = given.value.indexOf('/');
  if (at <= 0 || at === given.value.length - 1)
    throw new CliError(EXIT.usage, `${given.flag}: give SERVER/DATABASE, not ${JSON.stringify(given.value)}`);
  setField(request, first, given.value.slice(0, at));
  setField(request, second, given.value.slice(at + 1));
}

function optionsOf(flags: RequestFlags): Fields {
  const { approval, runAt, maxDowntime, rehearse, onBusy, labels } = flags;
  return {
    ...(approval === undefined ? {} : { approval }),
    ...(runAt === undefined ? {} : { runAt }),
    ...(maxDowntime === undefined ? {} : { maxDowntimeMs: milliseconds(maxDowntime) }),
    ...(rehearse === true ? { rehearse } : {}),
    ...(onBusy === undefined ? {} : { onBusy }),
    ...(labels === undefined ? {} : { labels: Object.fromEntries(labels.map(nameAndValue)) }),
  };
}

function milliseconds(text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  throw new CliError(EXIT.usage, `--max-downtime: give seconds, not ${JSON.stringify(text)}`);
}

function nameAndValue(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new CliError(EXIT.usage, `--labels: give NAME=VALUE, not ${JSON.stringify(text)}`);
}
