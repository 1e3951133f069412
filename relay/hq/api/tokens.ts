/**
 * API tokens: how HQ's own programs show who they are. A token is shown once, when it is made; the
 * database keeps its hash only. Its first part finds it, so that a lookup costs one row.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../../protocol/errors.ts';
import { type Clock, nowText } from '../../clock.ts';
import { addAudit } from '../../db/audit.ts';
import type { Db } from '../../db/db.ts';
import type { ApiTokenRecord, Role } from '../../db/records.ts';

export const ROLES = ['viewer', 'bookkeeper', 'admin'] as const satisfies readonly Role[];

const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const SECRET_BYTES = 32;
const PREFIX = 'tb_';

export interface TokenInfo {
  name: string;
  role: Role;
  createdAt: string;
  revokedAt?: string;
}

/** @throws AppError `bad-input`, `already-exists` */
export async function addApiToken(
  db: Db,
  clock: Clock,
  input: { name: string; role: Role; who: string },
): Promise<{ name: string; token: string }> {
  const { name, role, who } = input;
  if (!NAME_PATTERN.test(name)) {
    throw new AppError('bad-input', 'a name needs letters, digits, dot, dash or underscore', {
      path: 'name',
      hint: 'for example reporting-2026; at most 64 characters',
    });
  }
  const token = `${PREFIX}${name}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  await db.write(async tx => {
    const known = await tx.get('apiTokens', name);
    if (known !== undefined && known.revokedAt === undefined) {
      throw new AppError('already-exists', `there is a token named ${name}`, {
        path: 'name',
        hint: `revoke it first (token revoke ${name}), or choose another name`,
      });
    }
    const createdAt = nowText(clock);
    await tx.put('apiTokens', name, { name, hash: hashOf(token), role, createdAt });
    await addAudit(tx, clock(), { who, what: 'API token made', details: { name, role } });
  });
  return { name, token };
}

export async function listApiTokens(db: Db): Promise<TokenInfo[]> {
  return (await db.list('apiTokens')).map(({ value: { hash, ...info } }) => info);
}

/** @throws AppError `not-found` */
export async function revokeApiToken(
  db: Db,
  clock: Clock,
  name: string,
  who: string,
): Promise<TokenInfo> {
  return await db.write(async tx => {
    const known = NAME_PATTERN.test(name) ? await tx.get('apiTokens', name) : undefined;
    if (known === undefined) {
      throw new AppError('not-found', 'there is no token of this name', {
        path: 'name',
        hint: 'list them: tillbook-relay token list',
      });
    }
    const { hash, ...info } = { ...known, revokedAt: known.revokedAt ?? nowText(clock) };
    await tx.put('apiTokens', name, { hash, ...info });
    await addAudit(tx, clock(), { who, what: 'API token revoked', details: { name } });
    return info;
  });
}

/** The token's row if it is known and good. */
export async function findApiToken(db: Db, token: string): Promise<ApiTokenRecord | undefined> {
  const [, name = ''] = /^tb_([A-Za-z0-9][A-Za-z0-9._-]{0,63})_[\w-]{43}$/.exec(token) ?? [];
  const row = name === '' ? undefined : await db.get('apiTokens', name);
  if (row === undefined || row.revokedAt !== undefined) return undefined;
  return timingSafeEqual(Buffer.from(row.hash), Buffer.from(hashOf(token))) ? row : undefined;
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
