/**
 * Looks every minute which alerts hold, writes them down, and tells each channel what is new to it.
 * A channel that cannot be reached is tried again later; nothing counts as told before it was taken.
 * After a notice a channel is left alone for a while: what comes meanwhile makes one digest.
 */
import { createHash, randomUUID } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import type { Logger } from '../../protocol/host/log.ts';
import type { Db, Writer } from '../db/db.ts';
import { takeLease } from '../db/lease.ts';
import type { AlertRecord, UserRecord, WebhookRecord } from '../db/records.ts';
import type { Seal } from '../db/seal.ts';
import { ALERT_KINDS, ALL_KINDS, type AlertKind, alertKey } from './alert.ts';
import { findAlerts } from './facts.ts';
import { type Channel, isNews, markTold, type News, newsFor, nextRows } from './ledger.ts';
import { createMailer, type Mailer } from './mail.ts';
import { noticeOf } from './notice.ts';
import { createWebhookSender, type WebhookSender } from './webhook.ts';
import { addWebhook } from './webhook-desk.ts';

const LOOK_EVERY_MS = 60_000;
const QUIET_AFTER_NOTICE_MS = 10 * 60_000;
const LEASE_MS = 5 * 60_000;
const TEST_NOTICE = {
  subject: 'Tillbook: a test',
  text: 'Alerts from Tillbook arrive here. Nothing needs to be done.\n',
};

export interface AlertOptions {
  db: Db;
  clock: () => number;
  log: Logger;
  seal: Seal;
  publicUrl: string;
  /** Name of this process among several relays. */
  holder: string;
  /** RELAY_SMTP_URL; absent: no mail is sent. */
  smtpUrl: string | undefined;
  mailFrom: string;
  privateWebhooks: boolean;
}

interface AlertParts extends AlertOptions {
  mailer: Mailer | undefined;
  webhooks: WebhookSender;
}

export interface Alerts {
  /** One round now; rounds never overlap. */
  look(): Promise<void>;
  /** Sends a notice that says it is a test. @throws AppError with what went wrong */
  testMail(user: UserRecord): Promise<void>;
  testWebhook(id: string): Promise<void>;
  readonly mailIsOn: boolean;
  /** @throws AppError `bad-input` for an address that is never sent to */
  checkUrl(url: string): void;
  addWebhook(tx: Writer, url: string, who: string): Promise<string>;
  stop(): Promise<void>;
}

interface Post extends Channel {
  send(news: News): Promise<void>;
}

export function startAlerts(options: AlertOptions): Alerts {
  const { smtpUrl, mailFrom, privateWebhooks } = options;
  const mailer = smtpUrl === undefined ? undefined : createMailer(smtpUrl, mailFrom);
  const parts = { ...options, mailer, webhooks: createWebhookSender(privateWebhooks) };
  const quietUntil = new Map<string, number>();
  let round = Promise.resolve();
  const look = () => {
    round = round.then(async () => {
      try {
        await oneRound(parts, quietUntil);
      } catch (error) {
        parts.log.error({ err: error }, 'the look for alerts failed');
      }
    });
    return round;
  };
  void look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    look,
    mailIsOn: parts.mailer !== undefined,
    testMail: user => mailerOf(parts).send(user.email, TEST_NOTICE),
    testWebhook: async id => {
      const hook = await parts.db.get('webhooks', id);
      if (hook === undefined) throw new AppError('not-found', 'there is no such webhook');
      await sendHook(parts, hook, { id: randomUUID(), type: 'test', data: {} });
    },
    checkUrl: parts.webhooks.check,
    addWebhook: async (tx, url, who) => {
      const { secret } = await addWebhook(tx, parts.seal, { url, who, nowMs: parts.clock() });
      return secret;
    },
    stop: async () => {
      clearInterval(timer);
      await round;
      parts.mailer?.close();
      await parts.webhooks.close();
    },
  };
}

async function oneRound(parts: AlertParts, quietUntil: Map<string, number>): Promise<void> {
  const { db, clock, holder } = parts;
  const nowMs = clock();
  const wanted = { name: 'alerts', holder, ttlMs: LEASE_MS, clock };
  if ((await takeLease(db, wanted)) === undefined) return;
  const alerts = await findAlerts(db, nowMs);
  const before = (await db.list('alerts')).map(row => row.value);
  let rows = nextRows(before, alerts, new Date(nowMs).toISOString());
  await store(db, before, rows);
  for (const post of [...(await mailPosts(parts)), ...(await webhookPosts(parts))]) {
    const news = newsFor(post, rows);
    if (!isNews(news) || (quietUntil.get(post.id) ?? 0) > nowMs) continue;
    quietUntil.set(post.id, nowMs + QUIET_AFTER_NOTICE_MS);
    if (!(await sent(parts, post, news))) continue;
    const told = markTold(post, rows, news);
    await store(db, rows, told);
    rows = told;
  }
}

async function sent({ log }: AlertParts, post: Post, news: News): Promise<boolean> {
  try {
    await post.send(news);
    return true;
  } catch (error) {
    log.warn({ err: error, channel: post.id }, 'a notice could not be sent; it is tried again');
    return false;
  }
}

/** Writes only what changed. */
async function store(
  db: Db,
  before: readonly AlertRecord[],
  after: readonly AlertRecord[],
): Promise<void> {
  const old = new Map(before.map(row => [alertKey(row), JSON.stringify(row)]));
  const changed = after.filter(row => old.get(alertKey(row)) !== JSON.stringify(row));
  const kept = new Set(after.map(alertKey));
  const gone = before.map(alertKey).filter(key => !kept.has(key));
  if (changed.length + gone.length === 0) return;
  await db.write(async tx => {
    for (const row of changed) await tx.put('alerts', alertKey(row), row);
    for (const key of gone) await tx.remove('alerts', key);
  });
}

/** What a user gets: their own choice, or all kinds for those who can do something about it. */
export function kindsFor(user: UserRecord): readonly AlertKind[] {
  return user.alertKinds ?? (user.role === 'viewer' ? [] : ALL_KINDS);
}

async function mailPosts(parts: AlertParts): Promise<Post[]> {
  if (parts.mailer === undefined) return [];
  const users = await parts.db.list('users');
  return users.map(({ value }) => mailPost(parts, value));
}

function mailPost(parts: AlertParts, user: UserRecord): Post {
  return {
    id: `mail:${user.id}`,
    kinds: kindsFor(user),
    send: news => mailerOf(parts).send(user.email, noticeOf(news, parts.publicUrl)),
  };
}

function mailerOf({ mailer }: AlertParts): Mailer {
  if (mailer !== undefined) return mailer;
  throw new AppError('bad-setting', 'no mail server is set', {
    hint: 'set RELAY_SMTP_URL and start the relay again',
  });
}

async function webhookPosts(parts: AlertParts): Promise<Post[]> {
  const rows = await parts.db.list('webhooks');
  return rows.map(({ value: hook }) => ({
    id: `hook:${hook.id}`,
    kinds: ALL_KINDS,
    send: news =>
      sendHook(parts, hook, {
        id: idOfNews(hook, news),
        type: 'alerts',
        data: { began: news.began.map(published), ended: news.ended.map(published) },
      }),
  }));
}

async function sendHook(
  { seal, webhooks, clock }: AlertParts,
  hook: WebhookRecord,
  { id, type, data }: { id: string; type: 'alerts' | 'test'; data: object },
): Promise<void> {
  const secret = seal.open(hook.secret, `webhooks/${hook.id}/secret`);
  const event = { type, timestamp: new Date(clock()).toISOString(), data };
  await webhooks.send({ url: hook.url, secret }, { id, event }, clock());
}

/** The same news has the same id, however often it is sent: receivers know it again by that. */
function idOfNews(hook: WebhookRecord, { began, ended }: News): string {
  const told = [began, ended].map(rows => rows.map(row => [row.kind, row.subject, row.since]));
  return createHash('sha256')
    .update(JSON.stringify([hook.id, told]))
    .digest('base64url');
}

function published({ told: _, ...row }: AlertRecord): object {
  return { ...row, title: ALERT_KINDS[row.kind] };
}
