/** Webhooks as head office keeps them: added with a secret that is shown once, listed, removed. */
import { randomBytes, randomUUID } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import type { Writer } from '../db/db.ts';
import type { WebhookRecord } from '../db/records.ts';
import type { Seal } from '../db/seal.ts';

const WEBHOOKS_MAX = 20;
const SECRET_BYTES = 24;

/** @param url checked already. @throws AppError `too-many` */
export async function addWebhook(
  tx: Writer,
  seal: Seal,
  input: { url: string; who: string; nowMs: number },
): Promise<{ hook: WebhookRecord; secret: string }> {
  if ((await tx.list('webhooks')).length >= WEBHOOKS_MAX) {
    throw new AppError('too-many', `there are ${WEBHOOKS_MAX} webhooks already`, {
      path: 'url',
      hint: 'remove one first',
    });
  }
  const id = randomUUID();
  const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
  const hook: WebhookRecord = {
    id,
    url: input.url,
    secret: seal.seal(secret, `webhooks/${id}/secret`),
    createdAt: new Date(input.nowMs).toISOString(),
    createdBy: input.who,
  };
  await tx.put('webhooks', id, hook);
  return { hook, secret };
}
