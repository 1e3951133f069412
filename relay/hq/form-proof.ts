/**
 * The proof that a form was ours: every POST carries a token that only a page of this relay, shown
 * to this browser, can hold. Signed in, it is bound to the session; before that, to a cookie of its
 * own, so that asking for the sign-in page costs no write.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';

export const PROOF_FIELD = '_proof';

export interface ProofOptions {
  secret: string;
  secure: boolean;
}

/** The token for this request's forms; sets the cookie it is bound to when there is no session. */
export function proofFor(req: Request, res: Response, options: ProofOptions): string {
  return sign(options.secret, bindingOf(req, options) ?? newBinding(res, options));
}

/** True when the body's token belongs to this browser. */
export function isProven(req: Request, token: string, options: ProofOptions): boolean {
  const binding = bindingOf(req, options);
  if (binding === undefined) return false;
  const expected = Buffer.from(sign(options.secret, binding));
  const given = Buffer.from(token);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function bindingOf(req: Request, { secure }: ProofOptions): string | undefined {
  if (req.session?.user !== undefined) return `session ${req.sessionID}`;
  const value = cookieOf(req, cookieName(secure));
  return value === undefined ? undefined : `browser ${value}`;
}

function newBinding(res: Response, { secure }: ProofOptions): string {
  const value = randomBytes(18).toString('base64url');
  res.cookie(cookieName(secure), value, { httpOnly: true, sameSite: 'lax', secure, path: '/' });
  return `browser ${value}`;
}

function cookieName(secure: boolean): string {
  return secure ? '__Host-tillbook-form' : 'tillbook-form';
}

function cookieOf(req: Request, name: string): string | undefined {
  const pattern = new RegExp(`(?:^|;\\s*)${name}=([A-Za-z0-9_-]{24})(?:;|$)`);
  return pattern.exec(req.headers.cookie ?? '')?.[1];
}

function sign(secret: string, binding: string): string {
  return createHmac('sha256', secret).update(`form ${binding}`).digest('base64url');
}
