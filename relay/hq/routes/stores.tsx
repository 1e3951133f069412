/** Stores: list, add, enrolment codes, revoke, rename, close for good. */
import { CUT_OVER_PATTERN, isTimezone } from '../../../protocol/business-date.ts';
import { AppError } from '../../../protocol/errors.ts';
import { noticesOf } from '../../books/notices.ts';
import type { Reason } from '../../books/reasons.ts';
import { addAudit } from '../../db/audit.ts';
import type { HeartbeatRecord, StoreRecord } from '../../db/records.ts';
import type { Chart } from '../../xero/chart.ts';
import { fieldErrors, show } from '../answers.tsx';
import { type FieldError, field, goTo, type UserCall } from '../call.ts';
import { compareNames } from '../name-order.ts';
import { StorePage } from '../views/store.tsx';
import { type NewStoreForm, StoresPage } from '../views/stores.tsx';
import type { Route } from './route.ts';
import { shopRoutes } from './shop-requests.ts';
import { storeOf } from './store-of.ts';

export function storeRoutes(): Route[] {
  return [
    { method: 'get', path: '/stores', needs: 'viewer', run: call => showStores(call) },
    { method: 'post', path: '/stores', needs: 'admin', run: add },
    { method: 'get', path: '/stores/:store', needs: 'viewer', run: call => showStore(call) },
    { method: 'get', path: '/stores/:store/keys.json', needs: 'viewer', run: downloadKeys },
    { method: 'post', path: '/stores/:store', needs: 'admin', run: change },
    { method: 'post', path: '/stores/:store/code', needs: 'admin', run: newCode },
    { method: 'post', path: '/stores/:store/revoke', needs: 'admin', run: revoke },
    { method: 'post', path: '/stores/:store/close', needs: 'admin', run: closeForGood },
    ...shopRoutes(orShow),
  ];
}

async function showStores(
  call: UserCall,
  form?: NewStoreForm,
  errors: FieldError[] = [],
): Promise<void> {
  const { db } = call.deps;
  const stores = (await db.list('stores')).map(row => row.value);
  stores.sort(compareNames);
  const beats = new Map((await db.list('heartbeats')).map(row => [row.key, row.value]));
  const enrolled = await enrolledStores(call);
  const charts = new Map((await db.list('charts')).map(row => [row.key, row.value]));
  const rows = stores.map(store => {
    const beat = beats.get(store.id);
    const chart = charts.get(store.books?.organisation ?? '');
    const notices = noticesFor(store, beat, chart);
    return { store, beat, enrolled: enrolled.has(store.id), notices };
  });
  const newest = stores.at(-1);
  const empty = {
    name: '',
    timezone: newest?.timezone ?? '',
    currency: newest?.currency ?? '',
    cutOver: '00:00',
  };
  const props = { rows, errors, form: form ?? empty, now: call.now };
  show(call, 'Stores', <StoresPage {...props} />);
}

function noticesFor(
  { books }: StoreRecord,
  beat: HeartbeatRecord | undefined,
  chart: Chart | undefined,
): Reason[] {
  return books === undefined ? [] : noticesOf(books, beat?.heartbeat, chart);
}

async function enrolledStores(call: UserCall): Promise<Set<string>> {
  const keys = (await call.deps.db.list('agentKeys')).map(row => row.value);
  return new Set(keys.filter(key => key.revokedAt === undefined).map(key => key.store));
}

async function add(call: UserCall): Promise<void> {
  const form = {
    name: field(call, 'name'),
    timezone: field(call, 'timezone'),
    currency: field(call, 'currency').toUpperCase(),
    cutOver: field(call, 'cutOver'),
  };
  const { stores } = call.deps;
  try {
    const { id, name } = await stores.add(form, call.user.email);
    const made = await stores.makeCode(id, call.user.email);
    call.req.session.code = { store: id, ...made };
    await goTo(call, `/stores/${id}`, `${name} is added. Enrol its computer with this code:`);
  } catch (error) {
    await showStores(call, form, fieldErrors(error));
  }
}

async function showStore(
  call: UserCall,
  form?: { name: string; timezone: string; cutOver: string },
  errors: FieldError[] = [],
): Promise<void> {
  const { deps, req, now } = call;
  const store = await storeOf(call);
  const keys = await deps.stores.keys(store.id);
  const beat = await deps.db.get('heartbeats', store.id);
  const { books } = store;
  const chart = books && (await deps.db.get('charts', books.organisation));
  const row = {
    store,
    beat,
    enrolled: keys.some(key => key.revokedAt === undefined),
    notices: noticesFor(store, beat, chart),
  };
  const kept = req.session.code;
  delete req.session.code;
  const code = kept?.store === store.id ? kept : undefined;
  const props = { row, keys, code, errors, now, publicUrl: deps.publicUrl, form: form ?? store };
  show(call, store.name, <StorePage {...props} />);
}

/** Every public key the shop had, as `tillbook-relay verify --key` reads them. */
async function downloadKeys(call: UserCall): Promise<void> {
  const { id } = await storeOf(call);
  const keys = (await call.deps.stores.keys(id)).map(({ kid, jwk }) => ({ ...jwk, kid }));
  call.res.attachment(`${id}-keys.json`).json({ keys });
}

/** What a person can mend is told on the store's page. */
function orShow(run: (call: UserCall) => Promise<void>): (call: UserCall) => Promise<void> {
  return async call => {
    try {
      await run(call);
    } catch (error) {
      await showStore(call, undefined, fieldErrors(error));
    }
  };
}

async function newCode(call: UserCall): Promise<void> {
  const { id } = await storeOf(call);
  const made = await call.deps.stores.makeCode(id, call.user.email);
  call.req.session.code = { store: id, ...made };
  await goTo(call, `/stores/${id}`, 'A new code: earlier ones that were not used have ended.');
}

async function revoke(call: UserCall): Promise<void> {
  const { id, name } = await storeOf(call);
  await call.deps.stores.revoke(id, call.user.email);
  await goTo(call, `/stores/${id}`, `The agent of ${name} is no longer believed. Enrol a new one.`);
}

async function change(call: UserCall): Promise<void> {
  const store = await storeOf(call);
  const form = {
    name: field(call, 'name').normalize('NFC'),
    timezone: field(call, 'timezone'),
    cutOver: field(call, 'cutOver'),
  };
  try {
    checkChange(form);
    await call.deps.db.write(async tx => {
      const found = (await tx.get('stores', store.id)) ?? store;
      const { name, timezone, cutOver } = found;
      await tx.put('stores', store.id, { ...found, ...form });
      const details = { store: store.id, before: { name, timezone, cutOver }, after: form };
      await addAudit(tx, call.now, { who: call.user.email, what: 'Store changed', details });
    });
    await goTo(
      call,
      `/stores/${store.id}`,
      'Saved. The shop’s computer learns of it within 5 minutes.',
    );
  } catch (error) {
    await showStore(call, form, fieldErrors(error));
  }
}

function checkChange(form: { name: string; timezone: string; cutOver: string }): void {
  if (!/^[^\p{Cc}]{1,255}$/u.test(form.name)) throw wrong('name', 'The store needs a name.');
  if (!isTimezone(form.timezone)) throw wrong('timezone', 'This is no time zone.');
  if (!CUT_OVER_PATTERN.test(form.cutOver)) throw wrong('cutOver', 'This is no time of day.');
}

function wrong(path: string, message: string): AppError {
  return new AppError('bad-input', message, { path });
}

async function closeForGood(call: UserCall): Promise<void> {
  const store = await storeOf(call);
  const { deps, user, now } = call;
  if (field(call, 'confirm') !== store.name) {
    const message = `Type “${store.name}” to close it for good.`;
    return await showStore(call, undefined, [{ field: 'confirm', message }]);
  }
  await deps.stores.revoke(store.id, user.email);
  await deps.db.write(async tx => {
    const found = (await tx.get('stores', store.id)) ?? store;
    await tx.put('stores', store.id, { ...found, closedAt: new Date(now).toISOString() });
    const details = { store: store.id };
    await addAudit(tx, now, { who: user.email, what: 'Store closed for good', details });
  });
  await goTo(call, '/stores', `${store.name} is closed for good. Its days are kept.`);
}
