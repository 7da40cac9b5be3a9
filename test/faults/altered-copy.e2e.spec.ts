import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import { before, expectLedgerPublished, expectTakenBack, type Before } from '../harness/move-outcome.js';
import { MoveWorld } from '../harness/move-world.js';
import { workingDatabase } from '../harness/working-database.js';

const CASE_MS = 240_000;
const AT = 'verify-copy';

interface Alteration {
  readonly what: string;
  readonly sql: string;
  readonly named: { readonly object: RegExp; readonly aspect: RegExp };
}

/** Two to a move, because each move needs a server of its own. */
const MOVES: readonly (readonly Alteration[])[] = [
  [
    {
      what: 'one byte of a row',
      sql: `update mail_message set body = overlay(body placing 'b' from 1 for 1) where id = 7`,
      named: { object: /^public\.mail_message \(changed .*7/, aspect: /content/ },
    },
    {
      what: 'a trigger',
      sql: 'alter table res_users enable trigger res_users_log_change',
      named: { object: /res_users_log_change/, aspect: /./ },
    },
  ],
  [
    {
      what: 'a row [c20]',
      sql: `delete from hr_note where id = md5('note 60')::uuid`,
      named: { object: /^public\.hr_note \(missing /, aspect: /rows/ },
    },
    {
      what: 'a policy',
      sql: 'alter policy hr_note_public on hr_note using (true)',
      named: { object: /hr_note_public/, aspect: /./ },
    },
  ],
  [
    {
      what: 'a sequence',
      sql: `select setval('ir_sequence_invoice', 5)`,
      named: { object: /ir_sequence_invoice/, aspect: /./ },
    },
    {
      what: 'a grant',
      sql: `revoke select on sale_order from {reader}`,
      named: { object: /sale_order/, aspect: /./ },
    },
  ],
  [
    {
      what: 'a large object',
      sql: `select lo_put(content, 0, '\\x00') from ir_attachment where id = 2`,
      named: { object: /large object \d+/, aspect: /./ },
    },
  ],
];

describe('a copy that was altered between restore and verification', () => {
  let world: MoveWorld;
  const moves: { was: Before; migrationId: string }[] = [];

  beforeAll(async () => {
    world = await MoveWorld.start();
    await alterAll();
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  for (const [index, alterations] of MOVES.entries()) {
    for (const { what, named } of alterations) {
      test(
        `is found out and named: ${what}`,
        async () => {
          const mismatches = await mismatchesOf(index);
          const { object, aspect } = named;
          expect(mismatches.filter((one) => object.test(one.object) && aspect.test(one.aspect))).not.toEqual([]);
          expect(mismatches).toHaveLength(alterations.length);
        },
        CASE_MS,
      );
    }

    test(
      `is never used: move ${String(index + 1)} is taken back and its application runs where it was`,
      async () => {
        const move = moves[index];
        if (move === undefined) throw new Error('the move was not made');
        const body = await expectTakenBack(world, move.was, move.migrationId);
        expect(body.reasons.map(({ code }) => code)).toEqual(['VERIFICATION_FAILED']);
      },
      CASE_MS,
    );
  }

  test('leaves a ledger whose chain holds and that Kafka knows without a gap', async () => {
    await expectLedgerPublished(world);
  });

  /** All moves stand before their verification, are altered by an administrator, and go on together. */
  async function alterAll(): Promise<void> {
    const gate = world.gate('verification');
    await world.stack.executor.stop();
    await world.stack.executor.restart({ REHOME_FAULT_POINTS: gate.wait(`step.${AT}.run.before`) });
    while (moves.length < MOVES.length) {
      const was = before(await world.tenant());
      moves.push({ was, migrationId: await world.upgrade(was.tenant) });
    }
    for (const [index, { was, migrationId }] of moves.entries()) {
      await world.until(migrationId, ({ steps }) => steps.some(({ id, status }) => id === AT && status === 'running'));
      const copy = await workingDatabase(world, migrationId);
      for (const { sql } of MOVES[index] ?? [])
        await world.query(copy.adminUrl, copy.name, sql.replace('{reader}', was.tenant.facts.reader));
    }
    gate.open();
  }

  async function mismatchesOf(index: number): Promise<Mismatch[]> {
    const body = await world.ended(moves[index]?.migrationId ?? '');
    const facts = body.steps.find(({ id }) => id === AT)?.error?.facts;
    const mismatches = (facts?.['mismatches'] ?? []) as unknown as Mismatch[];
    // Beside each large object stands the sum of all.
    return mismatches.filter(({ object }) => object !== 'large objects');
  }
});
