/**
 * The stores that head office keeps: adding one, its enrolment codes, the keys of its agents.
 * A store's id is its slug, made of its name once: it stands in addresses and document numbers.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { CUT_OVER_PATTERN, DATE_PATTERN, isTimezone } from '../../protocol/business-date.ts';
import { AppError } from '../../protocol/errors.ts';
import { CURRENCY_PATTERN } from '../../protocol/money.ts';
import { keyIdOf, type PublicJwk } from '../../protocol/signing.ts';
import { type Clock, nowText } from '../clock.ts';
import { addAudit } from '../db/audit.ts';
import { type Db, listAll, type Reader, type Writer } from '../db/db.ts';
import type { AgentKeyRecord, StoreRecord } from '../db/records.ts';
import { makeCode, type NewCode } from './codes.ts';

const NAME_MAX = 255;
/** Leaves room for prefix and date in a document number. */
const SLUG_MAX = 24;

/** Orders that wait for the agent; older ones give way. */
const COMMANDS_MAX = 20;

export type Order = { kind: 'close'; date: string } | { kind: 'confirm-clock' };

export interface NewStore {
  name: string;
  timezone: string;
  currency: string;
  /** `HH:MM`. */
  cutOver: string;
}

export interface StoreKeys {
  kid: string;
  jwk: PublicJwk;
  enrolledAt: string;
  revokedAt?: string;
}

export class StoreDesk {
  readonly #db: Db;
  readonly #clock: Clock;

  constructor(db: Db, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** @throws AppError `bad-input` with the field in `path`, `already-exists` */
  async add(input: NewStore, who: string): Promise<StoreRecord> {
    const settings = checkStore(input);
    return await this.#db.write(async tx => {
      const stores = await listAll(tx, 'stores');
      if (stores.some(row => row.value.name === settings.name)) {
        throw new AppError('already-exists', `there is a store named ${settings.name}`, {
          path: 'name',
          hint: 'give it another name, or use the one there is: tillbook-relay store list',
        });
      }
      const id = freeSlug(settings.name, new Set(stores.map(row => row.key)));
      const store: StoreRecord = {
        id,
        slug: id,
        ...settings,
        createdAt: nowText(this.#clock),
        head: { number: 0, digest: '' },
        commands: [],
      };
      await tx.put('stores', id, store);
      await addAudit(tx, this.#clock(), { who, what: 'Store added', details: { store: id } });
      return store;
    });
  }

  /** A new enrolment code, valid for 24 hours; earlier unused ones end. @throws `not-found` */
  async makeCode(id: string, who: string): Promise<NewCode> {
    return await this.#db.write(async tx => {
      await findStore(tx, id);
      await addAudit(tx, this.#clock(), {
        who,
        what: 'Enrolment code made',
        details: { store: id },
      });
      return await makeCode(tx, id, this.#clock());
    });
  }

  /** No key of this store is believed from now on, and no open code is good. */
  async revoke(id: string, who: string): Promise<{ revoked: number }> {
    return await this.#db.write(async tx => {
      await findStore(tx, id);
      const revoked = await revokeKeys(tx, id, 'revoked', nowText(this.#clock));
      for (const { key, value } of await listAll(tx, 'enrolmentCodes')) {
        if (value.store === id) await tx.remove('enrolmentCodes', key);
      }
      await addAudit(tx, this.#clock(), { who, what: 'Store revoked', details: { store: id } });
      return { revoked };
    });
  }

  /**
   * Has the agent close a day or confirm its clock: it is told by its next heartbeat.
   * @throws AppError `not-found`, `bad-input`
   */
  async order(id: string, order: Order, who: string): Promise<void> {
    if (order.kind === 'close' && !DATE_PATTERN.test(order.date)) {
      throw wrong('date', 'needs a business date', '2026-11-21');
    }
    await this.#db.write(async tx => {
      const store = await findStore(tx, id);
      const command = { id: randomUUID(), ...order, givenAt: nowText(this.#clock) };
      const commands = [...store.commands, command].slice(-COMMANDS_MAX);
      await tx.put('stores', id, { ...store, commands });
      const details = { store: id, ...order };
      await addAudit(tx, this.#clock(), { who, what: 'Order given to the shop', details });
    });
  }

  /** Keys of a store, newest first. @throws `not-found` */
  async keys(id: string): Promise<StoreKeys[]> {
    await findStore(this.#db, id);
    const keys = (await keysOf(this.#db, id)).map(({ key, value }) => {
      const { jwk, enrolledAt, revokedAt } = value;
      const known: StoreKeys = { kid: key, jwk, enrolledAt };
      return revokedAt === undefined ? known : { ...known, revokedAt };
    });
    return keys.sort((a, b) => (a.enrolledAt < b.enrolledAt ? 1 : -1));
  }

  async list(): Promise<StoreRecord[]> {
    return (await listAll(this.#db, 'stores')).map(row => row.value);
  }
}

/** @throws AppError `not-found` */
export async function findStore(db: Reader, id: string): Promise<StoreRecord> {
  const store = /^[a-z0-9-]{1,64}$/.test(id) ? await db.get('stores', id) : undefined;
  if (store !== undefined) return store;
  throw new AppError('not-found', `there is no store ${JSON.stringify(id.slice(0, 64))}`, {
    path: 'store',
    hint: 'list the stores: tillbook-relay store list, or GET /api/v1/stores',
  });
}

export async function keysOf(
  db: Reader,
  store: string,
): Promise<{ key: string; value: AgentKeyRecord }[]> {
  return (await listAll(db, 'agentKeys')).filter(row => row.value.store === store);
}

/** Revokes the keys that are good still; `except` stays. @returns how many */
export async function revokeKeys(
  tx: Writer,
  store: string,
  why: 'replaced' | 'revoked',
  at: string,
  except?: string,
): Promise<number> {
  const good = (await keysOf(tx, store)).filter(
    row => row.value.revokedAt === undefined && row.key !== except,
  );
  for (const { key, value } of good) {
    await tx.put('agentKeys', key, { ...value, revokedAt: at, revokedFor: why });
  }
  return good.length;
}

/** Enters a key for a store. @throws AppError `not-allowed` for a key that was revoked or is another's */
export async function addKey(tx: Writer, store: string, jwk: PublicJwk, at: string): Promise<void> {
  const kid = await keyIdOf(jwk);
  const known = await tx.get('agentKeys', kid);
  if (known === undefined) {
    await tx.put('agentKeys', kid, { store, jwk, enrolledAt: at });
  } else if (known.store !== store) {
    throw new AppError('not-allowed', 'this key belongs to another store', {
      path: 'jwk',
      hint: 'give this machine a data folder of its own, or enrol it again with a new code',
    });
  } else if (known.revokedAt !== undefined) {
    throw new AppError('not-allowed', `this key was revoked at ${known.revokedAt}`, {
      path: 'jwk',
      hint: 'enrol this machine again with a new code: it makes a new key then',
    });
  }
}

function checkStore(input: NewStore): NewStore {
  const name = input.name.trim().normalize('NFC');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  if (name.length === 0 || name.length > NAME_MAX || /[\u0000-\u001f\u007f]/.test(name)) {
    throw wrong('name', `needs 1 to ${NAME_MAX} characters, without line breaks`, 'Orchard Road');
  }
  if (!isTimezone(input.timezone)) {
    const shown = JSON.stringify(input.timezone.slice(0, 64));
    throw wrong('timezone', `${shown} is no time zone`, 'Asia/Singapore (an IANA name)');
  }
  const currency = input.currency.trim().toUpperCase();
  if (!CURRENCY_PATTERN.test(currency)) throw wrong('currency', 'needs three letters', 'SGD');
  if (!CUT_OVER_PATTERN.test(input.cutOver)) {
    throw wrong('cutOver', 'needs a time of day from 00:00 to 23:59', '04:00');
  }
  return { name, timezone: input.timezone, currency, cutOver: input.cutOver };
}

function wrong(path: string, message: string, example: string): AppError {
  return new AppError('bad-input', `${path}: ${message}`, { path, hint: `for example ${example}` });
}

/** `Café Nº 5, Orchard Road` → `cafe-no-5-orchard-road`; a script without Latin letters → `store-4821`. */
function freeSlug(name: string, taken: ReadonlySet<string>): string {
  const latin = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_MAX)
    .replace(/^-+|-+$/g, '');
  const base = latin || 'store';
  if (latin && !taken.has(base)) return base;
  for (;;) {
    const slug = `${base.slice(0, SLUG_MAX - 5)}-${randomInt(1000, 10_000)}`;
    if (!taken.has(slug)) return slug;
  }
}
