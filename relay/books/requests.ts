/**
 * The outbox of Xero requests: what is sent stands in the rows before it is sent, and can be sent
 * again byte for byte. A request is a batch over several days; each day's row keeps its own part,
 * and the key tells how many parts belong together.
 */
import { randomUUID } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import type { StoredRequest } from '../db/records.ts';
import type { Desk } from './poster-desk.ts';

/** Xero forgets a key after about 6 minutes; until then the same bytes are answered the same. */
export const RESEND_WITHIN_MS = 5 * 60_000;
/** After this long nothing of a lost request can still be on its way. */
export const SETTLED_AFTER_MS = 7 * 60_000;

/** A key for a request of so many parts; at most 128 characters (Xero). */
export function newKey(parts: number): string {
  return `tb-${randomUUID()}-${parts}`;
}

function partsOf(key: string): number {
  return Number(key.split('-').at(-1));
}

/** Requests that are still whole, each with its parts in the order in which they were sent. */
export function wholeRequests<Part>(
  parts: readonly Part[],
  requestOf: (part: Part) => StoredRequest | undefined,
): { whole: Part[][]; broken: Part[] } {
  const byKey = new Map<string, Part[]>();
  for (const part of parts) {
    const key = requestOf(part)?.idempotencyKey ?? '';
    byKey.set(key, [...(byKey.get(key) ?? []), part]);
  }
  const whole: Part[][] = [];
  const broken: Part[] = [];
  for (const [key, group] of byKey) {
    if (group.length === partsOf(key)) whole.push(group);
    else broken.push(...group);
  }
  return { whole, broken };
}

/**
 * For the last moment before a stored request leaves: it may have waited for its turn, or the whole
 * process may have been frozen. Xero must still know the key from any earlier time, and no other
 * poster may have taken over: else the request stays stored, and is looked up before it goes again.
 * @throws AppError conflict
 */
export function mayLeave(
  desk: Pick<Desk, 'clock' | 'isOurTurn'>,
  request: StoredRequest | undefined,
): () => void {
  return () => {
    if (desk.isOurTurn() && ageOf(request, desk.clock()) < RESEND_WITHIN_MS) return;
    throw new AppError('conflict', 'the request waited too long to be sent safely', {
      retryable: true,
    });
  };
}

/** Milliseconds since the request was last sent. */
export function ageOf(request: StoredRequest | undefined, nowMs: number): number {
  return nowMs - Date.parse(request?.sentAt ?? '1970-01-01T00:00:00Z');
}
