/**
 * Xero's rate limits: per organisation and app 60 calls in any 60 s, 5 at once and a daily number;
 * per app 10,000 a minute. Every answer says what is left.
 */
import type { Answer } from './answers.ts';
import { rateLimited } from './faults.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The headers that tell a client what it has left. */
export type LimitHeaders = Readonly<Record<string, string>>;

export type Admission =
  | { readonly admitted: true; readonly headers: LimitHeaders; readonly release: () => void }
  | { readonly admitted: false; readonly answer: Answer };

/** Counts one call of `clientId` to an organisation, or refuses it with 429. */
export function admit(world: World, clientId: string, organisationId: string): Admission {
  const key = `${clientId} ${organisationId}`;
  const calls = recent(world, key, DAY_MS);
  const inMinute = calls.filter(at => at > world.now() - MINUTE_MS);
  const appMinute = recent(world, clientId, MINUTE_MS);
  const running = world.inProgress.get(key) ?? 0;
  const { limits } = world;
  if (running >= limits.concurrent) return refuse('concurrent', 1);
  if (inMinute.length >= limits.minute) return refuse('minute', until(world, inMinute, MINUTE_MS));
  if (calls.length >= limits.day) return refuse('day', until(world, calls, DAY_MS));
  if (appMinute.length >= limits.appMinute) {
    return refuse('appminute', until(world, appMinute, MINUTE_MS));
  }
  calls.push(world.now());
  appMinute.push(world.now());
  world.inProgress.set(key, running + 1);
  return {
    admitted: true,
    headers: {
      'X-MinLimit-Remaining': String(limits.minute - inMinute.length - 1),
      'X-DayLimit-Remaining': String(limits.day - calls.length),
      'X-AppMinLimit-Remaining': String(limits.appMinute - appMinute.length),
    },
    release: () => world.inProgress.set(key, (world.inProgress.get(key) ?? 1) - 1),
  };
}

function refuse(problem: string, retryAfterSeconds: number): Admission {
  return { admitted: false, answer: rateLimited(problem, retryAfterSeconds) };
}

/** The times of a key's calls within the last `windowMs`; older ones are forgotten. */
function recent(world: World, key: string, windowMs: number): number[] {
  const kept = (world.calls.get(key) ?? []).filter(at => at > world.now() - windowMs);
  world.calls.set(key, kept);
  return kept;
}

/** Whole seconds until the oldest of the calls leaves the window; at least 1. */
function until(world: World, calls: readonly number[], windowMs: number): number {
  const oldest = calls[0] ?? world.now();
  return Math.max(1, Math.ceil((oldest + windowMs - world.now()) / 1000));
}
