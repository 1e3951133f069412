/**
 * One accounting call to Xero: token, limiter, time limit, and the outcome in our words. Comes in:
 * a function that calls xero-node; goes out: its body, or an AppError. A stale token is renewed
 * once, a 429 is waited out (it was not done), a lost organisation is noticed and written down.
 */
import type { AccountingApi } from 'xero-node';
import { AppError, isAppError } from '../../protocol/errors.ts';
import {
  isStaleToken,
  readApiFailure,
  toAppError,
  unavailable,
  unknownOutcome,
} from './failures.ts';
import { type Limiter, type LimitHeaders, WAIT_MAX_MS } from './limits.ts';
import type { CallerKind, OrganisationRef } from './port.ts';
import { openAccounting, type XeroUrls } from './sdk.ts';
import type { Tokens } from './tokens.ts';

export interface CallDeps {
  urls: XeroUrls;
  tokens: Tokens;
  limiter: Limiter;
  /** Reads the connection's organisations anew and stores them. */
  listOrganisations(connection: string): Promise<{ id: string; name: string }[]>;
}

export interface CallOptions {
  caller: CallerKind;
  /** The call changes something: what is unclear is an unknown outcome. */
  writes: boolean;
}

/** What every xero-node call resolves to, as far as we read it. */
export interface SdkAnswer<Body> {
  response: { headers?: unknown };
  body: Body;
}

/** A limit that another program uses up may come back this often before we give up. */
const LIMIT_TRIES_MAX = 4;

export type SdkCall<Body> = (api: AccountingApi) => Promise<SdkAnswer<Body>>;

/** @throws AppError xero-… as in port.ts */
export async function callXero<Body>(
  deps: CallDeps,
  ref: OrganisationRef,
  options: CallOptions,
  call: SdkCall<Body>,
): Promise<Body> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await callOnce(deps, ref, options, call);
    } catch (error) {
      const wait = isAppError(error, 'xero-rate-limit') ? (error.retryAfterMs ?? 0) : Infinity;
      // A 429 was not done: the limiter knows until when, and the call goes round again.
      if (wait > WAIT_MAX_MS || tries === LIMIT_TRIES_MAX) throw error;
    }
  }
}

async function callOnce<Body>(
  deps: CallDeps,
  ref: OrganisationRef,
  options: CallOptions,
  call: SdkCall<Body>,
): Promise<Body> {
  const token = await deps.tokens.access(ref.connection);
  try {
    return await limited(deps, ref, options, token, call);
  } catch (thrown) {
    if (!isStaleToken(thrown)) return await giveUp(deps, ref, toAppError(thrown, options.writes));
  }
  const renewed = await deps.tokens.access(ref.connection, token);
  try {
    return await limited(deps, ref, options, renewed, call);
  } catch (thrown) {
    return await giveUp(deps, ref, toAppError(thrown, options.writes));
  }
}

/** Rejects with what xero-node threw, so that the caller sees the status. */
function limited<Body>(
  deps: CallDeps,
  ref: OrganisationRef,
  options: CallOptions,
  token: string,
  call: SdkCall<Body>,
): Promise<Body> {
  return deps.limiter.run(ref.organisation, options.caller, async report => {
    const api = await openAccounting(deps.urls, token);
    try {
      const { response, body } = await call(api);
      report((response.headers ?? {}) as LimitHeaders);
      return body;
    } catch (thrown) {
      report(readApiFailure(thrown)?.headers ?? {});
      throw thrown;
    }
  });
}

/** Throws the error; when Xero refused the permission, finds out first whether all of it is gone. */
async function giveUp(deps: CallDeps, ref: OrganisationRef, error: AppError): Promise<never> {
  if (!isAppError(error, 'xero-disconnected')) throw error;
  const left = await deps.listOrganisations(ref.connection);
  if (left.some(organisation => organisation.id === ref.organisation)) throw error;
  throw new AppError('xero-disconnected', 'This organisation was disconnected in Xero', {
    hint: 'open Settings, press Submit and allow access for this organisation again; nothing is lost',
    cause: error.cause,
  });
}

/** A list of the answer. xero-node resolves a 200 with HTML as `{}`: then nothing is known. */
export function listOf<Item>(list: Item[] | undefined, writes: boolean): Item[] {
  if (Array.isArray(list)) return list;
  const what = 'Xero’s answer is not what was asked for';
  throw writes ? unknownOutcome(what) : unavailable(what);
}
