import { describe, expect, test } from '@jest/globals';
import { instanceStream } from '#shared/contracts/streams.js';
import { MIGRATION_ID, REGISTRY } from '../planning/upgrade-test-kit.js';
import { NOTHING } from './decision.js';
import { toLedgerItem } from './decision-item.js';
import { History } from './history-test-kit.js';

const item = (history: History) => toLedgerItem(history.known, history.decide(), []);
const idsOf = (history: History) => item(history).appends.flatMap(({ events }) => events.map(({ eventId }) => eventId));

describe('what a decision appends', () => {
  test('has the same ids whenever the same history is decided again', () => {
    const history = History.requested().until('verify-connections').done('verify-connections');
    expect(idsOf(history)).toEqual(idsOf(history));
    expect(new Set(idsOf(history)).size).toBe(3);
  });

  test('has other ids as soon as the history went on', () => {
    const history = History.requested();
    const first = idsOf(history);
    history.add('MigrationPaused', { migrationId: MIGRATION_ID, requestedBy: 'k', reason: 'r' });
    expect(idsOf(history)).not.toEqual(first);
  });

  test('expects the version of its own stream that was folded, and none of other streams', () => {
    const history = History.requested().until('verify-connections').done('verify-connections');
    const { appends } = item(history);
    expect(appends.find(({ stream }) => stream === `migration-${MIGRATION_ID}`)?.expected).toBe(history.known.version);
    expect(appends.find(({ stream }) => stream === instanceStream(REGISTRY.instance.instanceId))?.expected).toBe('any');
  });

  test('carries the request as correlation and the newest event as cause', () => {
    const history = History.requested().settle().done('inspect');
    expect(item(history).appends[0]?.events[0]?.metadata).toEqual({
      correlationId: 'c-1',
      causationId: history.events.at(-1)?.eventId,
      actor: 'planner',
    });
  });

  test('reserves with the plan and releases with the end', () => {
    const history = History.requested().settle().done('inspect');
    expect(item(history).effects).toMatchObject([{ effect: 'reserve', migrationId: MIGRATION_ID }]);
    history.until('retire-source').done('retire-source');
    expect(item(history).effects).toEqual([{ effect: 'release', migrationId: MIGRATION_ID }]);
    expect(toLedgerItem(history.known, NOTHING, [])).toEqual({ appends: [], effects: [] });
  });
});
