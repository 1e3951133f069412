/** Which state of the relay is an alert, and which is not yet one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alertsNow, type ShopFacts } from '../../../relay/alerts/conditions.ts';
import type { DayRecord, HeartbeatRecord, StoreRecord } from '../../../relay/db/records.ts';
import { emptyDay } from '../../../relay/inbox/day-row.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();
const store = { id: 'bedok', name: 'Bedok', commands: [] } as unknown as StoreRecord;

const beat = (changes: Partial<HeartbeatRecord> = {}): HeartbeatRecord =>
  ({
    receivedAt: ago(1),
    instances: [],
    clockSkewMs: 0,
    heartbeat: { quarantine: [] },
    ...changes,
  }) as unknown as HeartbeatRecord;

const day = (changes: Partial<DayRecord>): DayRecord => ({
  ...emptyDay('bedok', '2026-11-21'),
  ...changes,
});

const alerts = (shop: Partial<ShopFacts>) => {
  const facts = { store, heartbeat: beat(), days: [], ...shop };
  return alertsNow({ nowMs: NOW, shops: [facts], connections: [] });
};
const kinds = (shop: Partial<ShopFacts>): string[] => alerts(shop).map(alert => alert.kind);
const reason = { code: 'unmapped', message: 'Tips have no account', fix: 'Choose one.' };
const revision = (more: object): DayRecord['revisions'] =>
  [
    { revision: 1, parts: { terminals: [] }, damaged: 0, ...more },
  ] as unknown as DayRecord['revisions'];

describe('an alert is', () => {
  it('nothing when the shop is well', () => assert.deepEqual(kinds({}), []));

  it('a shop that is silent for more than twenty minutes', () => {
    assert.deepEqual(kinds({ heartbeat: beat({ receivedAt: ago(19) }) }), []);
    assert.deepEqual(kinds({ heartbeat: beat({ receivedAt: ago(21) }) }), ['store-silent']);
  });

  it('a clock that is wrong by more than five minutes, either way', () => {
    assert.deepEqual(kinds({ heartbeat: beat({ clockSkewMs: 299_000 }) }), []);
    assert.deepEqual(kinds({ heartbeat: beat({ clockSkewMs: -301_000 }) }), ['clock-wrong']);
  });

  it('a day that waits for a quarter of an hour, unless somebody holds it', () => {
    const waiting = (minutes: number, more: Partial<DayRecord> = {}) => {
      const events = [{ at: ago(minutes), who: 'relay', what: 'waits' }];
      return [day({ state: 'waiting', reasons: [reason], events, ...more })];
    };
    assert.deepEqual(kinds({ days: waiting(14) }), []);
    assert.deepEqual(kinds({ days: waiting(16) }), ['day-waiting']);
    assert.deepEqual(kinds({ days: waiting(16, { heldBy: 'owner' }) }), []);
  });

  it('a day that is missing, has gaps or damage, or a summary that was kept aside', () => {
    const missing = [[904, 905]];
    const terminals = [{ terminal: 'till-1', missing }];
    const gaps = day({ state: 'reconciled', revisions: revision({ parts: { terminals } }) });
    const damaged = day({ state: 'reconciled', revisions: revision({ damaged: 1 }) });
    const broken = { reason: 'broken-chain' as const, receivedAt: '' };
    const aside = { revision: 1, number: 1, digest: '', ...broken };
    assert.deepEqual(kinds({ days: [day({ state: 'missing', reasons: [reason] })] }), [
      'day-missing',
    ]);
    assert.deepEqual(kinds({ days: [gaps] }), ['gap']);
    assert.deepEqual(kinds({ days: [damaged] }), ['damage']);
    assert.deepEqual(kinds({ days: [day({ keptAside: [aside] })] }), ['kept-aside']);
    const [told] = alerts({ days: [day({ keptAside: [aside] })] });
    assert.match(told?.message ?? '', /kept aside. The summary does not go on from the last one/);
    assert.match(told?.fix ?? '', /make a new enrolment code/);
  });

  it('a summary that was kept aside, until the same revision was accepted', () => {
    const aside = { revision: 1, number: 1, digest: '', reason: 'revoked-key', receivedAt: ago(9) };
    const keptAside = [aside] as DayRecord['keptAside'];
    const before = revision({ receivedAt: ago(10) });
    const after = revision({ receivedAt: ago(8) });
    assert.deepEqual(kinds({ days: [day({ keptAside, revisions: before })] }), ['kept-aside']);
    assert.deepEqual(kinds({ days: [day({ keptAside, revisions: after })] }), []);
  });

  it('nothing of a store that was closed for good', () => {
    const closed = { ...store, closedAt: ago(1) };
    assert.deepEqual(kinds({ store: closed, heartbeat: beat({ receivedAt: ago(99) }) }), []);
  });
});
