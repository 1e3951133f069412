/** Business dates, against a walk through every minute with another reading of the wall clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addDays,
  businessDateOf,
  DATE_PATTERN,
  dayStart,
  daysBetween,
  formatInstant,
  INSTANT_PATTERN,
  isTimezone,
  parseInstant,
} from '../../protocol/business-date.ts';
import { fc } from '../support/fast-check.ts';

const MINUTE_MS = 60_000;
const CUT_OVERS = ['00:00', '00:30', '01:30', '02:15', '04:00', '23:30'];

/** Days on which the clocks of a zone jump; Singapore and Apia once did so at midnight. */
const JUMPS: Readonly<Record<string, readonly string[]>> = {
  'Africa/Cairo': ['2023-04-28', '2023-10-27', '2026-04-24', '2026-10-30'],
  'Asia/Beirut': ['2026-03-29', '2026-10-25'],
  'America/Santiago': ['2026-04-05', '2026-09-06'],
  'America/Havana': ['2026-03-08', '2026-11-01'],
  'Pacific/Apia': ['2011-12-30'],
  'Australia/Lord_Howe': ['2026-04-05', '2026-10-04'],
  'Asia/Singapore': ['1982-01-01', '2026-11-22'],
  'Europe/London': ['2026-03-29', '2026-10-25'],
};

for (const [timezone, jumps] of Object.entries(JUMPS)) {
  test(`in ${timezone} every minute around a clock change has the right business date`, () => {
    for (const jump of jumps) {
      const walls = wallClock(timezone, Date.parse(`${addDays(jump, -2)}T00:00:00Z`), 4 * 1440);
      for (const cutOver of CUT_OVERS) checkMinutes(walls, { timezone, cutOver });
    }
  });
}

interface Minute {
  instantMs: number;
  /** `2026-11-22 19:04` */
  wall: string;
}

function wallClock(timeZone: string, fromMs: number, minutes: number): Minute[] {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  return Array.from({ length: minutes }, (_, i) => {
    const instantMs = fromMs + i * MINUTE_MS;
    return { instantMs, wall: format.format(instantMs) };
  });
}

/** A date begins in the first minute whose wall clock shows its cut-over, or more if it is skipped. */
function checkMinutes(walls: readonly Minute[], calendar: { timezone: string; cutOver: string }) {
  let date: string | undefined;
  for (const { instantMs, wall } of walls) {
    const day = wall.slice(0, 10);
    if (date === undefined) {
      // Until the first cut-over of the walk the date is not known.
      if (wall.slice(11) === calendar.cutOver) date = day;
      continue;
    }
    while (wall >= `${addDays(date, 1)} ${calendar.cutOver}`) {
      date = addDays(date, 1);
      assert.equal(dayStart(date, calendar), instantMs, `start of ${date} ${calendar.cutOver}`);
    }
    assert.equal(businessDateOf(instantMs, calendar), date, `${wall} ${calendar.cutOver}`);
  }
}

test('every instant of any year lies within the day it belongs to', () => {
  const instantArb = fc.integer({ min: parseInstant('0001-01-02T00:00:00Z'), max: 253e12 });
  const zoneArb = fc.constantFrom(...Object.keys(JUMPS), 'America/New_York', 'Asia/Kathmandu');
  fc.assert(
    fc.property(
      instantArb,
      zoneArb,
      fc.constantFrom(...CUT_OVERS),
      (instant, timezone, cutOver) => {
        const calendar = { timezone, cutOver };
        const date = businessDateOf(instant, calendar);
        assert.match(date, DATE_PATTERN);
        assert.ok(dayStart(date, calendar) <= instant);
        assert.ok(instant < dayStart(addDays(date, 1), calendar));
      },
    ),
  );
});

test('a till with an empty battery that says year 1 is given a date at once', () => {
  const calendar = { timezone: 'America/New_York', cutOver: '04:00' };
  assert.equal(businessDateOf(parseInstant('0001-01-01T00:00:00Z'), calendar), '0000-12-31');
  assert.equal(businessDateOf(parseInstant('0050-06-01T12:00:00Z'), calendar), '0050-06-01');
  assert.equal(businessDateOf(parseInstant('1970-01-01T12:00:00Z'), calendar), '1970-01-01');
});

test('midnight that does not exist in Cairo is the moment of the jump', () => {
  const start = dayStart('2026-04-24', { timezone: 'Africa/Cairo', cutOver: '00:00' });
  assert.equal(formatInstant(start, 'Africa/Cairo'), '2026-04-24T01:00:00+03:00');
});

test('midnight that comes twice in Havana counts the first time', () => {
  const start = dayStart('2026-11-01', { timezone: 'America/Havana', cutOver: '00:00' });
  assert.equal(formatInstant(start, 'America/Havana'), '2026-11-01T00:00:00-04:00');
});

test('the day that Samoa left out has no minute', () => {
  const calendar = { timezone: 'Pacific/Apia', cutOver: '00:00' };
  assert.equal(dayStart('2011-12-30', calendar), dayStart('2011-12-31', calendar));
});

test('an instant is read as RFC 3339 writes it', () => {
  assert.equal(parseInstant('2026-11-22T19:04:11+08:00'), Date.UTC(2026, 10, 22, 11, 4, 11));
  assert.equal(
    parseInstant('2026-11-22t11:04:11.1234567z'),
    Date.UTC(2026, 10, 22, 11, 4, 11, 123),
  );
  assert.equal(parseInstant('2016-12-31T23:59:60Z'), Date.UTC(2016, 11, 31, 23, 59, 59));
  assert.equal(parseInstant('2026-11-22T00:00:00-23:59'), Date.UTC(2026, 10, 22, 23, 59));
  assert.throws(() => parseInstant('yesterday'), RangeError);
});

/** Looser than the pattern (fast-check knows no lookahead): many of these days do not exist. */
const PARTS =
  /^\d{4}-(?:0\d|1[0-3])-[0-3]\d[Tt][0-2]\d:[0-6]\d:[0-6]\d(?:\.\d+)?(?:[Zz]|[+-][0-2]\d:[0-6]\d)$/;

test('every text that the pattern lets through is an instant that exists', () => {
  fc.assert(
    fc.property(fc.stringMatching(PARTS), text => {
      if (INSTANT_PATTERN.test(text)) assert.ok(Number.isFinite(parseInstant(text)), text);
    }),
    { numRuns: 2000 },
  );
  const wrong = [
    '2026-02-29T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T00:00:00',
    '2026-11-22',
  ];
  const odd = ['2026-11-22 00:00:00Z', '0000-01-01T00:00:00Z', '9999-01-01T00:00:00Z', '\n'];
  for (const text of [...wrong, ...odd]) assert.doesNotMatch(text, INSTANT_PATTERN);
});

test('dates are counted through leap years', () => {
  assert.equal(addDays('2024-02-28', 1), '2024-02-29');
  assert.equal(addDays('2026-02-28', 1), '2026-03-01');
  assert.equal(addDays('2026-01-01', -1), '2025-12-31');
  assert.equal(daysBetween('2024-02-01', '2024-03-01'), 29);
  assert.equal(daysBetween('2026-03-01', '2026-02-28'), -1);
  assert.match('2000-02-29', DATE_PATTERN);
  for (const no of ['1900-02-29', '2026-02-29', '2026-04-31', '2026-13-01', '2026-1-1']) {
    assert.doesNotMatch(no, DATE_PATTERN);
  }
});

test('a zone is a name that the zone data knows, not an offset', () => {
  for (const name of ['Asia/Singapore', 'UTC', 'Europe/London']) assert.ok(isTimezone(name), name);
  for (const name of ['', '+08:00', 'Asia/Nowhere', '../etc', 'GMT+25']) {
    assert.ok(!isTimezone(name), name);
  }
});
