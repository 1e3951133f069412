/**
 * Who may sign in: users, their passwords, and the one-time links by which they come in or set a
 * new password. A link's code is stored only as its hash, is good once and for a limited time.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import type { Db, Reader, Writer } from '../db/db.ts';
import type { LinkRecord, Role, UserRecord } from '../db/records.ts';

export const PASSWORD_LENGTH_MIN = 10;
const PASSWORD_LENGTH_MAX = 1024;
const EMAIL_PATTERN = /^[^\s@<>"]{1,64}@[^\s@<>"]{1,190}$/;
const LINK_DAYS: Record<LinkRecord['kind'], number> = { setup: 30, invite: 7, reset: 1 };
const DAY_MS = 86_400_000;

/** @throws AppError `bad-input`, path `email` */
export function parseEmail(text: string): string {
  const email = text.trim().toLowerCase();
  if (EMAIL_PATTERN.test(email)) return email;
  throw new AppError('bad-input', 'This is not an e-mail address.', {
    path: 'email',
    hint: 'Type it like name@example.com.',
  });
}

/** @throws AppError `bad-input`, path `password` */
export function checkPassword(password: string): void {
  if (password.length < PASSWORD_LENGTH_MIN || password.length > PASSWORD_LENGTH_MAX) {
    throw new AppError('bad-input', 'The password is too short.', {
      path: 'password',
      hint: `Use at least ${PASSWORD_LENGTH_MIN} characters; a few words in a row are good.`,
    });
  }
}

export async function findUser(db: Reader, email: string): Promise<UserRecord | undefined> {
  const wanted = email.trim().toLowerCase();
  const rows = await db.list('users');
  return rows.find(row => row.value.email === wanted)?.value;
}

/** Adds a user inside a transaction; `password` is hashed already. */
export async function addUser(
  tx: Writer,
  input: { email: string; password: string; role: Role; now: number },
): Promise<UserRecord> {
  if ((await findUser(tx, input.email)) !== undefined) {
    throw new AppError('already-exists', 'There is a user with this e-mail address.', {
      path: 'email',
      hint: 'Sign in with it, or ask an admin for a link to set a new password.',
    });
  }
  const at = new Date(input.now).toISOString();
  const { email, password, role } = input;
  const user = { id: randomUUID(), email, password, role, createdAt: at, sessionsFrom: at };
  await tx.put('users', user.id, user);
  return user;
}

/** Makes a one-time link; gives its code, which is stored nowhere. */
export async function makeLink(
  tx: Writer,
  link: Omit<LinkRecord, 'expiresAt'>,
  now: number,
): Promise<{ code: string; expiresAt: string }> {
  const code = randomBytes(24).toString('base64url');
  const expiresAt = new Date(now + LINK_DAYS[link.kind] * DAY_MS).toISOString();
  await tx.put('links', hashOf(code), { ...link, expiresAt });
  return { code, expiresAt };
}

/** The link of a code, if it is known, of this kind and not over. */
export async function readLink(
  db: Reader,
  kind: LinkRecord['kind'],
  code: string,
  now: number,
): Promise<LinkRecord | undefined> {
  const link = await db.get('links', hashOf(code));
  return link?.kind === kind && Date.parse(link.expiresAt) > now ? link : undefined;
}

/**
 * Uses a link up inside a transaction.
 * @throws AppError `not-allowed` when it is unknown, used or over
 */
export async function takeLink(
  tx: Writer,
  kind: LinkRecord['kind'],
  code: string,
  now: number,
): Promise<LinkRecord> {
  const link = await readLink(tx, kind, code, now);
  if (link === undefined) throw linkIsOver();
  await tx.remove('links', hashOf(code));
  return link;
}

export function linkIsOver(): AppError {
  return new AppError('not-allowed', 'This link was used already, or its time is over.', {
    hint: 'Ask an admin for a new one.',
  });
}

/** Ends all unused links of a kind (and user). */
export async function dropLinks(
  tx: Writer,
  kind: LinkRecord['kind'],
  user?: string,
): Promise<void> {
  for (const { key, value } of await tx.list('links')) {
    if (value.kind === kind && (user === undefined || value.user === user)) {
      await tx.remove('links', key);
    }
  }
}

export async function hasUsers(db: Db): Promise<boolean> {
  return (await db.list('users', { limit: 1 })).length > 0;
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64url');
}
