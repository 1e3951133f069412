/**
 * Xero's Idempotency-Key: for about six minutes the same key with the same request repeats the
 * first answer, errors included; with another request it is refused.
 */
import { createHash } from 'node:crypto';
import { type Answer, badRequest } from './answers.ts';
import type { World } from './world.ts';

export const IDEMPOTENCY_WINDOW_MS = 6 * 60_000;
export const KEY_LENGTH_MAX = 128;

export interface KeyedCall {
  readonly clientId: string;
  readonly organisationId: string;
  readonly key: string;
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

export interface Outcome {
  readonly answer: Answer;
  readonly replayed: boolean;
}

/** Runs `handle` at most once per key and window. */
export function once(world: World, call: KeyedCall, handle: () => Answer): Outcome {
  if (call.key.length > KEY_LENGTH_MAX) {
    return fresh(refuse(`Idempotency-Key must be at most ${KEY_LENGTH_MAX} characters.`));
  }
  const slot = `${call.clientId} ${call.organisationId} ${call.key}`;
  const fingerprint = createHash('sha256')
    .update([call.method, call.url, call.body].join('\n'))
    .digest('hex');
  const known = world.idempotent.get(slot);
  if (known !== undefined && world.now() - known.at < IDEMPOTENCY_WINDOW_MS) {
    if (known.fingerprint !== fingerprint) {
      return fresh(refuse(`Idempotency Key: ${call.key} is used with a different request.`));
    }
    return { answer: known.answer, replayed: true };
  }
  const answer = handle();
  world.idempotent.set(slot, { fingerprint, at: world.now(), answer });
  return fresh(answer);
}

function fresh(answer: Answer): Outcome {
  return { answer, replayed: false };
}

function refuse(message: string): Answer {
  return badRequest('ValidationException', 10, message);
}
