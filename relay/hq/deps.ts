/**
 * What the pages need from the rest of the relay, as narrow as it can be: the database, the clock,
 * the desk that talks to Xero, and the books' judgement. Given by relay/app.
 */
import type { PublicJwk } from '../../protocol/signing.ts';
import type { Db, Writer } from '../db/db.ts';
import type { StoreRecord, UserRecord } from '../db/records.ts';
import type { DayListener } from '../db/watched.ts';
import type { Xero } from '../xero/port.ts';

export interface HqDeps {
  db: Db;
  /** Tells of every day changed here; without it lists read the whole days each time. */
  onDayChanged?: (listener: DayListener) => void;
  /** Tells that some alert was changed; without it they are read again after some seconds. */
  onAlertsChanged?: (listener: () => void) => void;
  /** RELAY_PUBLIC_URL without a slash at the end; `https` makes cookies secure. */
  publicUrl: string;
  /** XERO_LOGIN_URL: forms may lead there. */
  xeroLoginUrl: string;
  /** The relay's version, shown in the footer. */
  version: string;
  /** The clock, ms since 1970. */
  now: () => number;
  /** Signs session cookies and form proofs; the same over restarts. At least 32 bytes. */
  sessionSecret: string;
  log: HqLog;
  seal: SealDesk;
  passwords: PasswordDesk;
  stores: StoreDesk;
  xero: XeroDesk;
  days: DayRangeDesk;
  alerts: AlertDesk;
}

export interface HqLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Seals what is secret in a row; the row's identity belongs to it. */
export interface SealDesk {
  seal(plain: string, identity: string): string;
  open(sealed: string, identity: string): string;
}

export interface PasswordDesk {
  hash(password: string): Promise<string>;
  verify(password: string, stored: string): Promise<boolean>;
}

export interface NewStore {
  name: string;
  timezone: string;
  currency: string;
  cutOver: string;
}

/** The part of relay/inbox/stores that the pages use; each call writes its audit entry. */
export interface StoreDesk {
  /** @throws AppError `bad-input` or `already-exists` with the field in `path` */
  add(store: NewStore, who: string): Promise<StoreRecord>;
  /** A new enrolment code, valid for 24 hours; earlier unused ones end. */
  makeCode(store: string, who: string): Promise<{ code: string; expiresAt: string }>;
  /** No key of this store is believed from now on. */
  revoke(store: string, who: string): Promise<unknown>;
  /** Newest first. */
  keys(
    store: string,
  ): Promise<{ kid: string; jwk: PublicJwk; enrolledAt: string; revokedAt?: string }[]>;
}

/** The part of relay/xero's port that the pages use; see there for the errors. */
export type XeroDesk = Pick<
  Xero,
  | 'redirectUri'
  | 'submitApp'
  | 'consentUrl'
  | 'finishConsent'
  | 'organisations'
  | 'disconnect'
  | 'readChart'
  | 'callsLeft'
  | 'lastAnswers'
>;

/** The part of relay/alerts that the page uses. */
export interface AlertDesk {
  /** False where no mail server is set. */
  readonly mailIsOn: boolean;
  /** @throws AppError with what went wrong */
  testMail(user: UserRecord): Promise<void>;
  testWebhook(id: string): Promise<void>;
  /** @throws AppError `bad-input`, path `url` */
  checkUrl(url: string): void;
  /** The secret is shown once. */
  addWebhook(tx: Writer, url: string, who: string): Promise<string>;
}

export type DayAction = 'retry' | 'hold' | 'release' | 'post';

/** The part of relay/books/actions that the pages use; each is safe to do twice. */
export interface DayDesk {
  /** @throws AppError `not-found`, or `not-allowed` when the state forbids it */
  act(action: DayAction, store: string, date: string, who: string): Promise<unknown>;
  /** After a mapping was saved: days that waited for it are tried again. */
  mappingSaved(store: string): Promise<void>;
}

export interface DayRangeDesk extends DayDesk {
  /** Posts the kept days of a range, both ends included; gives their dates. */
  postRange(store: string, from: string, to: string, who: string): Promise<string[]>;
}
