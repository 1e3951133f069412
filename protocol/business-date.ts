/**
 * Which trading day an instant belongs to. Business date D runs from the instant at which the
 * store's wall clock first reaches the cut-over on D (if that time is skipped, the instant of the
 * jump) to the same instant of D+1. Only zone rules from Intl (Node's ICU); no clock is read here.
 */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const OLDEST_RULE_MS = Date.UTC(1800, 0, 1);

/** When a store's trading day turns. */
export interface Calendar {
  /** IANA zone, e.g. `Asia/Singapore`. */
  timezone: string;
  /** Wall-clock time `HH:MM`, `00:00` by default. */
  cutOver: string;
}

/** A calendar date as `YYYY-MM-DD` that exists (29 February only in leap years). */
export const DATE_PATTERN =
  /^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8])))$/;

/**
 * RFC 3339 section 5.6 `date-time` with an offset; the second may be 60 (leap second). Years 0001 to
 * 9998: at the edges a zone would lead to a date that has no four-digit year.
 */
export const INSTANT_PATTERN =
  /^(?!0000|9999)(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8])))[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

export const INSTANT_WORDS =
  'must be a date and time with offset (RFC 3339), e.g. 2026-11-22T19:04:11+08:00';

export const CUT_OVER_PATTERN = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

/** Milliseconds since 1970 of a text that matches INSTANT_PATTERN; a leap second counts as :59. */
export function parseInstant(text: string): number {
  const upper = text.toUpperCase();
  const plain = upper.startsWith('60', 17) ? `${upper.slice(0, 17)}59${upper.slice(19)}` : upper;
  const instantMs = Date.parse(plain);
  if (Number.isNaN(instantMs)) throw new RangeError(`not an RFC 3339 instant: ${text}`);
  return instantMs;
}

/** True when Node's zone data knows the name; a bare offset such as `+08:00` is no zone. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatterOf(name);
    return true;
  } catch {
    return false; // Intl throws RangeError for names it does not know: that is the answer.
  }
}

/** The business date, `YYYY-MM-DD`, of an instant. */
export function businessDateOf(instantMs: number, calendar: Calendar): string {
  const cached = windowOf(calendar);
  if (instantMs >= cached.startMs && instantMs < cached.endMs) return cached.date;
  const wallMs = instantMs + offsetAt(instantMs, calendar.timezone) - cutOverMs(calendar);
  let date = dateOfWall(wallMs);
  while (instantMs < dayStart(date, calendar)) date = addDays(date, -1);
  while (instantMs >= dayStart(addDays(date, 1), calendar)) date = addDays(date, 1);
  cached.date = date;
  cached.startMs = dayStart(date, calendar);
  cached.endMs = dayStart(addDays(date, 1), calendar);
  return date;
}

/** The instant (ms) at which business date `date` begins. */
export function dayStart(date: string, calendar: Calendar): number {
  const wallMs = Date.parse(`${date}T00:00:00Z`) + cutOverMs(calendar);
  const { timezone } = calendar;
  const before = offsetAt(wallMs - 36 * 3_600_000, timezone);
  const after = offsetAt(wallMs + 36 * 3_600_000, timezone);
  const candidates = [...new Set([before, after, offsetAt(wallMs - before, timezone)])]
    .map(offset => ({ offset, instantMs: wallMs - offset }))
    .filter(({ offset, instantMs }) => offsetAt(instantMs, timezone) === offset)
    .map(({ instantMs }) => instantMs);
  if (candidates.length > 0) return Math.min(...candidates);
  return jumpBetween(wallMs - Math.max(before, after), wallMs - Math.min(before, after), timezone);
}

/** `addDays('2026-02-28', 1)` → `2026-03-01`. */
export function addDays(date: string, days: number): string {
  return dateOfWall(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS);
}

/** Whole days from one date to another; negative when `to` is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

/** `2026-11-22T00:15:04+08:00`: the instant as the store's wall clock shows it. */
export function formatInstant(instantMs: number, timezone: string): string {
  const offsetMs = offsetAt(instantMs, timezone);
  const wall = new Date(instantMs + offsetMs).toISOString().slice(0, 19);
  const minutes = Math.abs(Math.round(offsetMs / MINUTE_MS));
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0');
  const rest = String(minutes % 60).padStart(2, '0');
  return `${wall}${offsetMs < 0 ? '-' : '+'}${hours}:${rest}`;
}

/**
 * The wall clock's distance from UTC at an instant, ms, east positive. No zone has a rule before
 * 1800 (local mean time until then), and Date.UTC reads the years 0–99 as 1900–1999: a till with an
 * empty battery may well send one of those.
 */
export function offsetAt(instantMs: number, timezone: string): number {
  const wholeSecondMs = Math.floor(Math.max(instantMs, OLDEST_RULE_MS) / 1000) * 1000;
  const part: Record<string, number> = {};
  for (const { type, value } of formatterOf(timezone).formatToParts(wholeSecondMs)) {
    part[type] = Number(value);
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSecondMs;
}

/** First instant in (earlyMs, lateMs] after the clock's jump. */
function jumpBetween(earlyMs: number, lateMs: number, timezone: string): number {
  const afterJump = offsetAt(lateMs, timezone);
  let low = earlyMs;
  let high = lateMs;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle, timezone) === afterJump) high = middle;
    else low = middle;
  }
  return high;
}

function cutOverMs(calendar: Calendar): number {
  const [hours = 0, minutes = 0] = calendar.cutOver.split(':').map(Number);
  return (hours * 60 + minutes) * MINUTE_MS;
}

function dateOfWall(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 10);
}

interface DayWindow {
  date: string;
  startMs: number;
  endMs: number;
}

const WINDOWS_MAX = 64;
const windows = new Map<string, DayWindow>();

/** The day that was asked for last in this calendar: a till asks for the same one all day. */
function windowOf(calendar: Calendar): DayWindow {
  const key = `${calendar.timezone} ${calendar.cutOver}`;
  let window = windows.get(key);
  if (window === undefined) {
    if (windows.size >= WINDOWS_MAX) windows.clear();
    window = { date: '', startMs: 0, endMs: 0 };
    windows.set(key, window);
  }
  return window;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timezone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timezone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timezone, formatter);
  }
  return formatter;
}
