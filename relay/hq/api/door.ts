/** The JSON API's door: a bearer token and the role that a call needs. */
import type { Request, RequestHandler } from 'express';
import { AppError } from '../../../protocol/errors.ts';
import type { Db } from '../../db/db.ts';
import type { Role } from '../../db/records.ts';
import { findApiToken } from './tokens.ts';

const RANK: Record<Role, number> = { viewer: 0, bookkeeper: 1, admin: 2 };
const users = new WeakMap<Request, string>();

/** @returns a handler that lets tokens of this role or a higher one pass */
export function tokenWith(db: Db, role: Role): RequestHandler {
  return async (req, _res, next) => {
    const [, token = ''] = /^Bearer +(\S+)$/i.exec(req.get('Authorization') ?? '') ?? [];
    const known = await findApiToken(db, token);
    if (known === undefined) {
      throw new AppError('not-signed-in', 'a good API token is needed', {
        path: 'Authorization',
        hint: 'send Authorization: Bearer TOKEN; make one with: tillbook-relay token add NAME',
      });
    }
    if (RANK[known.role] < RANK[role]) {
      throw new AppError('not-allowed', `this needs the role ${role}; the token is ${known.role}`, {
        hint: `make a token with it: tillbook-relay token add NAME --role ${role}`,
      });
    }
    users.set(req, `token ${known.name}`);
    next();
  };
}

/** Who stands in the audit log for this call. */
export function whoOf(req: Request): string {
  return users.get(req) ?? 'unknown token';
}
