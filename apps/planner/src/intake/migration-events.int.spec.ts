import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PlannerRig } from '../../../../test/harness/planner-rig.js';

interface Heard {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly position: string; readonly type: string };
}

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start();
  await rig.seedRegistry();
});
afterAll(() => rig?.close());

/** Reads a live stream until it ends or `enough` says so. */
async function listen(
  migrationId: string,
  lastEventId: string | undefined,
  enough: (heard: readonly Heard[]) => boolean,
): Promise<Heard[]> {
  const response = await fetch(`${rig.url}/v1/migrations/${migrationId}/events`, {
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${rig.keys.viewer}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  let text = '';
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.value === undefined) break;
    text += chunk.value;
    if (!enough(heardIn(text))) continue;
    await reader?.cancel();
    break;
  }
  return heardIn(text);
}

function heardIn(text: string): Heard[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('id: '))
    .map((block) => {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      return {
        id: fields['id'] ?? '',
        event: fields['event'] ?? '',
        data: JSON.parse(fields['data'] ?? '') as Heard['data'],
      };
    });
}

async function requested(): Promise<string> {
  const { json } = await rig.upgrade(await rig.seedTenant());
  await rig.event(json.migrationId, 'StepCommanded');
  return json.migrationId;
}

const refuse = (migrationId: string) =>
  rig.succeed(migrationId, 'inspect', { checks: [{ name: 'x', severity: 'error', passed: false, found: 'nothing' }] });

describe('the events of a migration', () => {
  it('are one JSON object per line, in order, its own and its steps’', async () => {
    const migrationId = await requested();
    await refuse(migrationId);
    await rig.event(migrationId, 'PlanRefused');
    const answer = await rig.call('GET', `/v1/migrations/${migrationId}/events`, { role: 'viewer' });
    expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    const lines = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; position: string; hash: string });
    expect(lines.map((line) => line.type)).toEqual([
      'MigrationRequested',
      'StepCommanded',
      'StepStarted',
      'StepSucceeded',
      'PlanRefused',
    ]);
    const expected = await rig.events(migrationId);
    expect(lines.map((line) => [line.position, line.hash])).toEqual(
      expected.map((event) => [String(event.position), event.hash]),
    );
    const after = await rig.call('GET', `/v1/migrations/${migrationId}/events?after=${lines[2]?.position ?? ''}`);
    expect(after.text.trimEnd().split('\n')).toHaveLength(2);
  });

  it('are live with their positions as ids, and end when the migration is over', async () => {
    const migrationId = await requested();
    const listening = listen(migrationId, undefined, () => false);
    await refuse(migrationId);
    const heard = await listening;
    expect(heard.map((one) => one.event)).toEqual([
      'MigrationRequested',
      'StepCommanded',
      'StepStarted',
      'StepSucceeded',
      'PlanRefused',
    ]);
    expect(heard.map((one) => one.id)).toEqual(heard.map((one) => one.data.position));
  });

  it('go on after Last-Event-ID without a gap or a repeat', async () => {
    const migrationId = await requested();
    const first = await listen(migrationId, undefined, (heard) => heard.length >= 2);
    await refuse(migrationId);
    const rest = await listen(migrationId, first.at(-1)?.id, () => false);
    const all = await rig.events(migrationId);
    expect([...first, ...rest].map((one) => one.id)).toEqual(all.map((event) => String(event.position)));
  });

  it('tell a client that has heard the end not to come back', async () => {
    const migrationId = await requested();
    await refuse(migrationId);
    const { position } = await rig.event(migrationId, 'PlanRefused');
    const headers = { accept: 'text/event-stream', 'last-event-id': String(position) };
    expect((await rig.call('GET', `/v1/migrations/${migrationId}/events`, { headers })).status).toBe(204);
  });

  it('refuse a Last-Event-ID that is no position', async () => {
    const migrationId = await requested();
    const headers = { accept: 'text/event-stream', 'last-event-id': 'abc' };
    const answer = await rig.call('GET', `/v1/migrations/${migrationId}/events`, { headers });
    expect(answer.json).toMatchObject({ status: 400, errors: [{ pointer: '/header/Last-Event-ID' }] });
  });

  it('end when the planner stops, so that clients come again to another', async () => {
    const migrationId = await requested();
    let heardSome: () => void = () => undefined;
    const some = new Promise<void>((resolve) => (heardSome = resolve));
    const listening = listen(migrationId, undefined, (heard) => {
      if (heard.length > 0) heardSome();
      return false;
    });
    await some;
    await rig.restart();
    expect((await listening).map((one) => one.event)).toEqual(['MigrationRequested', 'StepCommanded']);
  });
});
