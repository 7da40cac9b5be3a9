import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { FieldProblem } from '#shared/contracts/problem.js';
import { isObject, parseAs, pointerToken } from '#shared/contracts/requests/parse.js';
import {
  PutEntitlements,
  PutInstance,
  PutPolicy,
  PutServer,
  PutSource,
} from '#shared/contracts/requests/registry.request.js';
import { PutService } from '#shared/contracts/requests/service.request.js';
import { errorCodeOf } from '#shared/database/postgres-errors.js';
import { configurationInvalid } from '#shared/configuration/read-settings.js';
import {
  entitlementsDefinition,
  instanceDefinition,
  policyDefinition,
  serverDefinition,
  serviceDefinition,
  sourceDefinition,
} from './definitions.js';
import type { Definition } from './registry-writer.js';

type Named<T> = (name: string, body: T) => Definition;

/** One line per noun of the file: its class, and what becomes of an entry. */
const NOUNS = {
  servers: reading(PutServer, (name, body) => ({ type: 'ServerRegistered', data: serverDefinition(name, body) })),
  entitlements: reading(PutEntitlements, (plan, body) => ({
    type: 'EntitlementsSet',
    data: entitlementsDefinition(plan, body),
  })),
  services: reading(PutService, (name, body) => ({ type: 'ServiceRegistered', data: serviceDefinition(name, body) })),
  sources: reading(PutSource, (source, body) => ({ type: 'SourceRegistered', data: sourceDefinition(source, body) })),
  policies: reading(PutPolicy, (name, body) => ({ type: 'PolicySet', data: policyDefinition(name, body) })),
  instances: reading(PutInstance, (id, body) => ({ type: 'InstanceRegistered', data: instanceDefinition(id, body) })),
} as const;

type Noun = keyof typeof NOUNS;

interface ReadEntry {
  readonly definitions: readonly Definition[];
  readonly problems: readonly FieldProblem[];
}

/**
 * Reads a catalogue: `servers`, `entitlements`, `services`, `sources`, `policies`, `instances`, each an object by name.
 *
 * @throws RehomeError CONFIGURATION_INVALID with every problem, by pointer.
 */
export function readCatalogue(path: string): Definition[] {
  const { definitions, problems } = parseCatalogue(readText(path));
  if (problems.length > 0)
    throw configurationInvalid(
      problems.map(({ pointer, message }) => `${path}${pointer === '' ? '' : `#${pointer}`} ${message}`),
    );
  return [...definitions];
}

/** The text of a catalogue as definitions and everything that is wrong with it. */
export function parseCatalogue(text: string): ReadEntry {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    return {
      definitions: [],
      problems: document.errors.map((error) => ({ pointer: '', message: `is not YAML: ${error.message}` })),
    };
  }
  const body: unknown = document.toJS();
  if (body === null) return { definitions: [], problems: [] };
  if (!isObject(body))
    return {
      definitions: [],
      problems: [
        {
          pointer: '',
          message: 'must be an object of servers, entitlements, services, sources, policies and instances',
        },
      ],
    };
  const read = Object.entries(body).map(([noun, entries]) => readNoun(noun, entries));
  return { definitions: read.flatMap((r) => r.definitions), problems: read.flatMap((r) => r.problems) };
}

function readNoun(noun: string, entries: unknown): ReadEntry {
  const pointer = pointerToken(noun);
  if (!isNoun(noun))
    return { definitions: [], problems: [{ pointer, message: `is unknown; known: ${Object.keys(NOUNS).join(', ')}` }] };
  if (entries === null) return { definitions: [], problems: [] };
  if (!isObject(entries)) return { definitions: [], problems: [{ pointer, message: 'must be an object by name' }] };
  const read = Object.entries(entries).map(([name, body]) =>
    NOUNS[noun](name, body, `${pointer}${pointerToken(name)}`),
  );
  return { definitions: read.flatMap((r) => r.definitions), problems: read.flatMap((r) => r.problems) };
}

function isNoun(text: string): text is Noun {
  return Object.hasOwn(NOUNS, text);
}

function reading<T extends object>(
  type: new () => T,
  define: Named<T>,
): (name: string, body: unknown, pointer: string) => ReadEntry {
  return (name, body, pointer) => {
    const parsed = parseAs(type, body ?? {});
    if (parsed.ok) return { definitions: [define(name, parsed.value)], problems: [] };
    return {
      definitions: [],
      problems: parsed.problems.map((problem) => ({ ...problem, pointer: `${pointer}${problem.pointer}` })),
    };
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = errorCodeOf(error) ?? 'unknown';
    throw configurationInvalid([`${path} (REHOME_CATALOGUE) cannot be read: ${reason}`]);
  }
}
