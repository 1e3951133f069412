/**
 * Xero's seven steps: the app's values and Submit, the way to Xero and back, and the choice of
 * store, organisation and the two default accounts.
 */
import { businessDateOf } from '../../../protocol/business-date.ts';
import { AppError, isAppError } from '../../../protocol/errors.ts';
import { type Mapping, mappingSchema } from '../../books/mapping.ts';
import { checkMapping } from '../../books/mapping-check.ts';
import type { Reason } from '../../books/reasons.ts';
import { addAudit } from '../../db/audit.ts';
import type { StoreRecord } from '../../db/records.ts';
import { fieldErrors, show } from '../answers.tsx';
import { type FieldError, field, goTo, rawField, type UserCall } from '../call.ts';
import { type AllowedOrganisation, loadSettings, type SettingsData } from '../settings-data.ts';
import { SettingsPage } from '../views/settings.tsx';
import type { Picks } from '../views/settings-accounts.tsx';
import type { Route } from './route.ts';

export function settingsRoutes(): Route[] {
  return [
    { method: 'get', path: '/settings', needs: 'viewer', run: showSettings },
    { method: 'post', path: '/settings', needs: 'bookkeeper', run: save },
    { method: 'post', path: '/settings/connect', needs: 'admin', run: connect },
    { method: 'post', path: '/settings/reconnect', needs: 'admin', run: reconnect },
    { method: 'post', path: '/settings/disconnect', needs: 'admin', run: disconnect },
    { method: 'post', path: '/settings/refresh', needs: 'bookkeeper', run: refresh },
    { method: 'get', path: '/xero/callback', needs: 'admin', run: comeBack },
  ];
}

async function showSettings(call: UserCall): Promise<void> {
  const data = await loadSettings(call.deps.db);
  const { draft } = call.req.session;
  delete call.req.session.draft;
  warnOfOtherAddress(call);
  showPage(call, data, draft ?? picksFor(data, call.req.session.store), []);
}

interface PageExtra {
  clientId?: string;
}

function showPage(
  call: UserCall,
  data: SettingsData,
  picks: Picks,
  errors: FieldError[],
  { clientId = '' }: PageExtra = {},
): void {
  const { publicUrl, xero } = call.deps;
  const calls = { left: xero.callsLeft(), answeredAt: xero.lastAnswers() };
  const { redirectUri } = xero;
  const props = { data, picks, errors, clientId, publicUrl, redirectUri, calls };
  show(call, 'Settings', <SettingsPage {...props} now={call.now} />);
}

/** The cookie belongs to the address in the browser: Xero would lead to where nobody is signed in. */
function warnOfOtherAddress({ req, deps }: UserCall): void {
  if (req.headers.host === new URL(deps.publicUrl).host) return;
  req.session.wrong ??= {
    message: `You opened this page at ${req.headers.host ?? 'another address'}.`,
    fix: `Xero sends you back to ${deps.publicUrl}: open that address and sign in there.`,
  };
}

/** The saved choice of the store that was chosen last, or what is the only choice anyway. */
function picksFor({ stores, organisations }: SettingsData, last: string | undefined): Picks {
  const store =
    stores.find(({ id }) => id === last) ?? (stores.length === 1 ? stores[0] : undefined);
  const only = organisations.length === 1 ? organisations[0] : undefined;
  const { mapping } = store?.books ?? {};
  const chart = organisations.find(({ id }) => id === mapping?.organisation)?.chart;
  const idOf = (codeOrId = '') =>
    chart?.accounts.find(({ id, code }) => id === codeOrId || code === codeOrId)?.id ?? '';
  return {
    store: store?.id ?? '',
    organisation: mapping?.organisation ?? only?.id ?? '',
    products: idOf(mapping?.products),
    payment: idOf(mapping?.payment),
  };
}

function picksOf(call: UserCall): Picks {
  return {
    store: field(call, 'store'),
    organisation: field(call, 'organisation'),
    products: field(call, 'products'),
    payment: field(call, 'payment'),
  };
}

async function connect(call: UserCall): Promise<void> {
  const clientId = field(call, 'clientId');
  const clientSecret = rawField(call, 'clientSecret').trim();
  const { deps, user, now } = call;
  try {
    const { url } = await deps.xero.submitApp({ clientId, clientSecret, user: user.id });
    await deps.db.write(tx =>
      addAudit(tx, now, { who: user.email, what: 'Xero app submitted', details: { clientId } }),
    );
    await goTo(call, url);
  } catch (error) {
    const data = await loadSettings(deps.db);
    showPage(call, data, picksFor(data, undefined), fieldErrors(error), { clientId });
  }
}

async function reconnect(call: UserCall): Promise<void> {
  const url = await call.deps.xero.consentUrl(field(call, 'connection'), call.user.id);
  await goTo(call, url);
}

async function disconnect(call: UserCall): Promise<void> {
  const connection = field(call, 'connection');
  const { deps, user, now } = call;
  await deps.xero.disconnect(connection);
  await deps.db.write(tx =>
    addAudit(tx, now, { who: user.email, what: 'Xero disconnected', details: { connection } }),
  );
  await goTo(call, '/settings', 'Disconnected from Xero. Sales are kept until you connect again.');
}

/** Whatever Xero says, the browser ends on the settings page without the code in its address. */
async function comeBack(call: UserCall): Promise<void> {
  const { deps, req, user, now } = call;
  try {
    const url = new URL(req.originalUrl, deps.publicUrl).href;
    const { connection, organisations } = await deps.xero.finishConsent(url, user.id);
    const names = organisations.map(({ name }) => name).join(', ');
    await deps.db.write(tx =>
      addAudit(tx, now, {
        who: user.email,
        what: 'Xero connected',
        details: { organisations: names },
      }),
    );
    const failed = await readCharts(
      call,
      organisations.map(({ id }) => ({ connection, id })),
    );
    if (failed !== undefined) sayWrong(call, failed);
    await goTo(call, '/settings', `Xero is connected: ${names || 'no organisation was allowed'}.`);
  } catch (error) {
    if (!isAppError(error)) throw error;
    sayWrong(call, error);
    await goTo(call, '/settings');
  }
}

async function refresh(call: UserCall): Promise<void> {
  const { organisations } = await loadSettings(call.deps.db);
  const failed = await readCharts(call, organisations);
  if (failed !== undefined) sayWrong(call, failed);
  call.req.session.draft = picksOf(call);
  await goTo(
    call,
    '/settings',
    failed === undefined ? 'The accounts were read from Xero again.' : undefined,
  );
}

/** Reads all charts; gives the first error, the others are read nevertheless. */
async function readCharts(
  call: UserCall,
  organisations: readonly { connection: string; id: string }[],
): Promise<AppError | undefined> {
  let failed: AppError | undefined;
  for (const { connection, id } of organisations) {
    try {
      const ref = { connection, organisation: id };
      await call.deps.xero.readChart(ref, { maxAgeMs: 0, caller: 'person' });
    } catch (error) {
      if (!isAppError(error)) throw error;
      failed ??= error;
    }
  }
  return failed;
}

function sayWrong(call: UserCall, { message, hint }: AppError): void {
  call.req.session.wrong = { message, ...(hint === undefined ? {} : { fix: hint }) };
}

async function save(call: UserCall): Promise<void> {
  const data = await loadSettings(call.deps.db);
  const picks = picksOf(call);
  const { store, organisation, errors } = checkPicks(data, picks);
  if (store === undefined || organisation === undefined || errors.length > 0) {
    return showPage(call, data, picks, errors);
  }
  const mapping = mergeMapping(store, picks);
  const problems = problemsOf(store, mapping, organisation);
  if (problems.length > 0) return showPage(call, data, picks, problems);
  await saveBooks(call, store, mapping, organisation);
  call.req.session.store = store.id;
  await goTo(call, '/settings', `Saved: ${store.name} goes to ${organisation.name}.`);
}

const NAMES: Record<keyof Picks, string> = {
  store: 'Store',
  organisation: 'Organisation',
  products: 'Accounts for Products',
  payment: 'Default Payment Account',
};

function checkPicks({ stores, organisations }: SettingsData, picks: Picks) {
  const store = stores.find(({ id }) => id === picks.store);
  const organisation = organisations.find(({ id }) => id === picks.organisation);
  const errors: FieldError[] = (Object.keys(NAMES) as (keyof Picks)[])
    .filter(name => picks[name] === '')
    .map(name => ({ field: name, message: `Choose ${NAMES[name]}.` }));
  if (picks.store !== '' && store === undefined) {
    errors.push({ field: 'store', message: 'This store is not there any more.' });
  }
  if (picks.organisation !== '' && organisation === undefined) {
    errors.push({ field: 'organisation', message: 'This organisation is not connected any more.' });
  }
  return { store, organisation, errors };
}

/** Another organisation has other accounts: what was mapped for the old one does not go along. */
function mergeMapping(store: StoreRecord, picks: Picks): Mapping {
  const { organisation, products, payment } = picks;
  const before = store.books?.mapping;
  if (before?.organisation === organisation) return { ...before, products, payment };
  return mappingSchema.parse({ organisation, products, payment });
}

function problemsOf(
  store: StoreRecord,
  mapping: Mapping,
  organisation: AllowedOrganisation,
): FieldError[] {
  if (organisation.chart === undefined) {
    return [
      {
        field: 'organisation',
        message: `The accounts of ${organisation.name} were not read yet.`,
        fix: 'Press Refresh.',
      },
    ];
  }
  return checkMapping(mapping, organisation.chart, store.currency).map(asFieldError);
}

/** The reasons name their place in words: the settings page has two of them, and the currency. */
export function asFieldError({ code, message, fix }: Reason): FieldError {
  if (code.startsWith('currency')) return { field: 'organisation', message, fix };
  if (message.includes(NAMES.products)) return { field: 'products', message, fix };
  if (message.includes(NAMES.payment)) return { field: 'payment', message, fix };
  return { message, fix };
}

/** The first Save decides from which business date on the store is posted. */
export async function saveBooks(
  call: UserCall,
  { id }: StoreRecord,
  mapping: Mapping,
  organisation: { connection: string; id: string },
): Promise<void> {
  const { deps, user, now } = call;
  await deps.db.write(async tx => {
    const store = await tx.get('stores', id);
    if (store === undefined) throw new AppError('not-found', 'This store is not there any more.');
    const books = {
      connection: organisation.connection,
      organisation: organisation.id,
      mapping,
      postFrom: store.books?.postFrom ?? businessDateOf(now, store),
      savedAt: new Date(now).toISOString(),
    };
    await tx.put('stores', id, { ...store, books });
    const details = { store: store.name, before: store.books?.mapping ?? null, after: mapping };
    await addAudit(tx, now, { who: user.email, what: 'Mapping saved', details });
  });
  await deps.days.mappingSaved(id);
}
