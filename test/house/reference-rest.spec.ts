import { describe, expect, it } from '@jest/globals';
import { RequestMethod } from '@nestjs/common';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { NEEDED_ROLE } from '../../apps/planner/src/auth/role.decorator.js';
import { expectAgreement, expectCells } from './agreement.js';
import { readPage } from './markdown-page.js';

interface Route {
  /** `GET /v1/migrations/{id}` */
  readonly call: string;
  readonly role: string;
  /** Documented statuses but those of every call that needs a role. */
  readonly answers: string;
}

const OF_EVERY_CALL = ['401', '403', '503'];

/** Every route of the controllers below a folder, read from what their decorators wrote down. */
async function routesOf(folder: string): Promise<Route[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.controller.ts'),
  );
  const classes: Controller[] = [];
  // One after the other: Jest's loader loses modules that several imports ask for at once.
  for (const file of files) {
    const module: unknown = await import(pathToFileURL(join(folder, file)).href);
    if (typeof module === 'object' && module !== null) classes.push(...Object.values(module).filter(isController));
  }
  return classes.flatMap((controller) => routesOfController(controller));
}

type Controller = abstract new (...parts: never[]) => object;

function isController(exported: unknown): exported is Controller {
  return typeof exported === 'function' && Reflect.hasMetadata('path', exported);
}

function routesOfController(controller: Controller): Route[] {
  const base = String(Reflect.getMetadata('path', controller));
  const { prototype } = controller;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    // Handlers of messages have no method.
    if (typeof handler !== 'function' || !Reflect.hasMetadata('method', handler)) return [];
    const method = RequestMethod[Number(Reflect.getMetadata('method', handler))] ?? '';
    const role = String(Reflect.getMetadata(NEEDED_ROLE, handler) ?? 'nobody');
    const path = [base, String(Reflect.getMetadata('path', handler))].filter((part) => part !== '/' && part !== '');
    return [
      {
        call: `${method} /${path.join('/').replaceAll(/:(\w+)/g, '{$1}')}`,
        role: role === 'nobody' ? 'open' : role,
        answers: answersOf(handler, role),
      },
    ];
  });
}

function answersOf(handler: object, role: string): string {
  const responses: unknown = Reflect.getMetadata('swagger/apiResponse', handler);
  const statuses = Object.keys(typeof responses === 'object' && responses !== null ? responses : {});
  return statuses
    .filter((status) => role === 'nobody' || !OF_EVERY_CALL.includes(status))
    .sort()
    .join(' ');
}

describe('docs/reference/rest.md', () => {
  const page = 'docs/reference/rest.md';
  const tables = readPage(page).tables.filter(({ columns }) => columns[0] === 'call');
  const rows = new Map(tables.flatMap((table) => table.rows).map((row) => [(row[0] ?? '').replaceAll('`', ''), row]));

  it('names every call and nothing else', async () => {
    const routes = await routesOf('apps/planner/src');
    expect(routes.length).toBeGreaterThan(20);
    const declared = routes.map(({ call }) => call);
    expectAgreement({
      page,
      onPage: [...rows.keys()],
      source: 'the controllers of the planner',
      declared,
      entry: 'a row',
    });
  });

  it('tells of each which role it needs and what it answers', async () => {
    const routes = await routesOf('apps/planner/src');
    expectCells(
      page,
      'the controller',
      routes.flatMap(({ call, role, answers }) => [
        { at: `${call}, role`, found: rows.get(call)?.[1], wanted: role },
        { at: `${call}, answers`, found: rows.get(call)?.[2], wanted: answers },
      ]),
    );
  });

  it('says of the executor that it serves nothing but health and metrics', async () => {
    const calls = (await routesOf('apps/executor/src')).map(({ call }) => call);
    const health = tables
      .find(({ heading }) => heading === 'Health')
      ?.rows.map(([call = '']) => call.replaceAll('`', ''));
    expect(calls.sort()).toEqual(health?.sort());
  });
});
