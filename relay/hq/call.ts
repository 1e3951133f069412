/**
 * One request to a page: the parts, the signed-in user, the form's fields, and the answers a page
 * may give. Comes in: express's request. Goes out: a page or a redirect.
 */
import type { Request, Response } from 'express';
import type { Role, UserRecord } from '../db/records.ts';
import type { DayHeads } from './day-heads.ts';
import type { HqDeps } from './deps.ts';
import type { OpenAlerts } from './open-alerts.ts';

export interface Call {
  deps: HqDeps;
  heads: DayHeads;
  alerts: OpenAlerts;
  req: Request;
  res: Response;
  /** Token that every form of the answer carries. */
  proof: string;
  user: UserRecord | undefined;
  /** Alerts that need somebody now; 0 where nobody is signed in. */
  openAlerts: number;
  /** Time zone of pages that belong to no store: that of all stores, or else UTC. */
  zone: string;
  now: number;
}

/** A call of somebody who is signed in. */
export interface UserCall extends Call {
  user: UserRecord;
}

/** What is wrong with a form: the field, and a sentence. */
export interface FieldError {
  field?: string;
  message: string;
  fix?: string;
}

const RANK: Record<Role, number> = { viewer: 0, bookkeeper: 1, admin: 2 };

/** True when a user of role `has` may do what asks for `needs`. */
export function mayDo(has: Role, needs: Role): boolean {
  return RANK[has] >= RANK[needs];
}

/** A form's or query's text by name, trimmed; '' when absent; the first when repeated. */
export function textOf(source: unknown, name: string): string {
  if (typeof source !== 'object' || source === null) return '';
  const value: unknown = Object.getOwnPropertyDescriptor(source, name)?.value;
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first.trim() : '';
}

/** A body field by name. */
export function field(call: Call, name: string): string {
  return textOf(call.req.body, name);
}

/** A password field: never trimmed. */
export function rawField(call: Call, name: string): string {
  const body: unknown = call.req.body;
  if (typeof body !== 'object' || body === null) return '';
  const value: unknown = Object.getOwnPropertyDescriptor(body, name)?.value;
  return typeof value === 'string' ? value : '';
}

/** A query parameter by name. */
export function query(call: Call, name: string): string {
  return textOf(call.req.query, name);
}

/** A part of the path, e.g. `store` of `/days/:store/:date`. */
export function part(call: Call, name: string): string {
  return textOf(call.req.params, name);
}

/**
 * Goes on to another page after a form did its work (so that reload repeats nothing). The session is
 * saved first: a browser follows the redirect as soon as it has the headers.
 */
export async function goTo(call: Call, path: string, said?: string): Promise<void> {
  const { session } = call.req;
  if (said !== undefined) session.said = said;
  if (session.user !== undefined || session.halfway !== undefined) {
    await new Promise<void>((resolve, reject) => {
      session.save((error: unknown) => (error ? reject(error) : resolve()));
    });
  }
  call.res.redirect(303, path);
}
