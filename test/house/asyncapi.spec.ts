import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { JsonObject } from '#shared/contracts/json.js';
import { MIGRATION_REQUESTS } from '#shared/contracts/requests/migration.request.js';
import { COMMANDS_TOPIC, EVENTS_TOPIC, REQUESTS_TOPIC, TOPICS } from '#shared/contracts/topics.js';
import { buildAsyncApi } from '../../apps/planner/src/asyncapi/asyncapi.js';
import { requestSchemas } from '../../apps/planner/src/asyncapi/request-schemas.js';
import { buildEventSchemas, EVENT_SCHEMAS_FILE, eventSchemasText } from '../../scripts/contracts/event-schemas.js';
import { EVENT_EXAMPLES, STRUCTURED_REQUEST_EXAMPLE } from '../../apps/planner/src/asyncapi/examples.js';
import { asyncApiProblems } from '../harness/asyncapi-problems.js';
import { PayloadSchemas } from '../harness/payload-schemas.js';

@Module({})
class NothingModule {}

let document: JsonObject;
beforeAll(async () => {
  const app = await NestFactory.create(NothingModule, new FastifyAdapter(), { logger: false });
  const topics = { requests: REQUESTS_TOPIC, commands: COMMANDS_TOPIC, events: EVENTS_TOPIC };
  document = buildAsyncApi(topics, requestSchemas(app));
  await app.close();
}, 60_000);

describe('the AsyncAPI document', () => {
  it('is valid AsyncAPI 3.0, examples included', async () => {
    expect(await asyncApiProblems(document)).toEqual([]);
  }, 60_000);

  it('would not pass with a reference to nothing', async () => {
    const text = JSON.stringify(document).replaceAll('#/components/schemas/Failure', '#/components/schemas/Lost');
    expect(await asyncApiProblems(JSON.parse(text) as object)).not.toEqual([]);
  }, 60_000);

  it('shows examples that its own schemas allow', () => {
    const schemas = new PayloadSchemas(document);
    const problems = Object.entries(EVENT_EXAMPLES).flatMap(([name, payload]) => schemas.problems(name, payload));
    const { payload } = STRUCTURED_REQUEST_EXAMPLE;
    expect([...problems, ...schemas.problems('StructuredRequest', payload)]).toEqual([]);
    expect(schemas.problems('MigrationCompleted', { migrationId: 7, result: {}, more: 1 })).toHaveLength(3);
  });

  it('has a channel for every topic and a message for every event and kind of request', async () => {
    const { document: parsed } = await new Parser().parse(JSON.stringify(document));
    const addresses = parsed
      ?.channels()
      .all()
      .map((channel) => channel.address());
    expect(addresses?.sort()).toEqual(TOPICS.map(({ name }) => name).sort());
    const messages = parsed
      ?.channels()
      .get('events')
      ?.messages()
      .all()
      .map((message) => message.title());
    expect(messages?.sort()).toEqual([...buildEventSchemas().events].sort());
    const { components } = document as { components: { schemas: JsonObject } };
    const classes = Object.values(MIGRATION_REQUESTS).map(({ name }) => name);
    expect(classes.filter((name) => !(name in components.schemas))).toEqual([]);
  }, 60_000);
});

describe(EVENT_SCHEMAS_FILE, () => {
  it('says what the types say; after a change of an event run `npm run contracts`', () => {
    expect(readFileSync(EVENT_SCHEMAS_FILE, 'utf8')).toBe(eventSchemasText());
  }, 60_000);

  it('tells a branded text, a closed list, an optional field and an open object apart', () => {
    const { schemas } = buildEventSchemas();
    expect(schemas['StepCommanded']).toMatchObject({
      properties: {
        direction: { $ref: '#/components/schemas/StepDirection' },
        kind: { type: 'string' },
        params: { type: 'object' },
        timeoutMs: { type: 'number' },
      },
      required: expect.not.arrayContaining(['site', 'planHash', 'result']),
    });
    expect(schemas['StepDirection']).toEqual({ type: 'string', enum: ['run', 'undo'] });
    expect(schemas['StepId']).toMatchObject({ type: 'string' });
    expect(schemas['PlanCompiled']).toMatchObject({ properties: { plan: { $ref: '#/components/schemas/Plan' } } });
  }, 60_000);
});
