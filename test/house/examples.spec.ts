import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isMigrationKind,
  MIGRATION_REQUESTS,
  parseMigrationRequest,
} from '#shared/contracts/requests/migration.request.js';
import { parseAs } from '#shared/contracts/requests/parse.js';
import { PutEntitlements, PutInstance, PutServer } from '#shared/contracts/requests/registry.request.js';
import { PutService } from '#shared/contracts/requests/service.request.js';
import { decodeCloudEvent } from '#shared/messaging/decode-cloud-event.js';
import { REQUEST_TYPE } from '../../apps/planner/src/intake/requests.controller.js';
import { expectAgreement } from './agreement.js';
import { parseCatalogue } from '../../apps/planner/src/registry/catalogue.js';
import { readPage } from './markdown-page.js';

const FOLDER = 'examples/requests';
const FILES = readdirSync(FOLDER).filter((file) => file !== 'README.md');
const BODIES = { server: PutServer, entitlements: PutEntitlements, service: PutService, instance: PutInstance };

function textOf(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8');
}

function matching(pattern: RegExp): string[] {
  return FILES.filter((file) => pattern.test(file));
}

/** Lines of `name=value`, as kcat takes them behind `-H`. */
function headersOf(file: string): Record<string, string> {
  const lines = textOf(file).trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

function kindOf(file: string): string {
  const { kind } = JSON.parse(textOf(file)) as { kind: string };
  return kind;
}

describe('the example requests', () => {
  it.each(matching(/^[023]\d-(?!cloud-event).*\.json$/))('%s is a body that POST /v1/migrations takes', (file) => {
    expect(parseMigrationRequest(JSON.parse(textOf(file)))).toMatchObject({ ok: true });
  });

  it.each(matching(/\.headers$/))('%s with its value is a CloudEvent that intake takes', (file) => {
    const value = Buffer.from(textOf(file.replace('.headers', '.json')));
    const event = decodeCloudEvent({ value, headers: headersOf(file) });
    expect(event.type).toBe(REQUEST_TYPE);
    expect(parseMigrationRequest(event.data)).toMatchObject({ ok: true });
  });

  it.each(Object.entries(BODIES))('the body for PUT of %s is one that the registry takes', (noun, type) => {
    const [file] = matching(new RegExp(`^1\\d-${noun}\\.json$`));
    expect(parseAs<object>(type, JSON.parse(textOf(file ?? '')))).toMatchObject({ ok: true });
  });

  it('of services in a catalogue are such that the planner registers them', () => {
    const { definitions, problems } = parseCatalogue(readFileSync('examples/catalogue/services.yaml', 'utf8'));
    expect(problems).toEqual([]);
    expect(definitions).toHaveLength(4);
  });

  it('are one at least for every kind of migration', () => {
    const declared = Object.keys(MIGRATION_REQUESTS);
    const shown = matching(/^[023]\d-(?!cloud-event).*\.json$/)
      .map(kindOf)
      .filter(isMigrationKind);
    const source = 'libs/shared/src/contracts/requests/migration.request.ts';
    expectAgreement({ page: FOLDER, onPage: [...new Set(shown)], source, declared, entry: 'a file' });
  });

  it('are all used by a line of their page', () => {
    const page = join(FOLDER, 'README.md');
    const used = readPage(page).fences.flatMap(({ text }) =>
      [...text.matchAll(/\d\d-[a-z-]+\.(?:json|headers)/g)].map(([name]) => name),
    );
    expectAgreement({ page, onPage: [...new Set(used)], source: FOLDER, declared: FILES, entry: 'a line' });
  });
});
