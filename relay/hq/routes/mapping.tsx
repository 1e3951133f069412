/** The mapping page of a store: show, preview, refresh, copy from another store, save. */
import { AppError } from '../../../protocol/errors.ts';
import type { Mapping } from '../../books/mapping.ts';
import { checkMapping } from '../../books/mapping-check.ts';
import { previewToday } from '../../books/preview.ts';
import type { StoreBooks, StoreRecord } from '../../db/records.ts';
import type { Chart } from '../../xero/chart.ts';
import { show } from '../answers.tsx';
import { type FieldError, field, goTo, mayDo, type UserCall } from '../call.ts';
import { readMapping } from '../mapping-form.ts';
import { listNames, readSeenNames } from '../mapping-names.ts';
import { loadStores } from '../settings-data.ts';
import { MappingPage } from '../views/mapping.tsx';
import type { Route } from './route.ts';
import { asFieldError, saveBooks } from './settings.tsx';
import { storeOf } from './store-of.ts';

export function mappingRoutes(): Route[] {
  const path = '/mapping/:store';
  return [
    { method: 'get', path, needs: 'viewer', run: showMapping },
    { method: 'post', path, needs: 'bookkeeper', run: save },
    { method: 'post', path: `${path}/preview`, needs: 'bookkeeper', run: preview },
    { method: 'post', path: `${path}/refresh`, needs: 'bookkeeper', run: refresh },
    { method: 'post', path: `${path}/copy`, needs: 'bookkeeper', run: copy },
  ];
}

interface Desk {
  store: StoreRecord;
  books: StoreBooks;
  chart: Chart;
}

/** @throws AppError when the store has no accounts yet */
async function deskOf(call: UserCall): Promise<Desk> {
  const store = await storeOf(call);
  const { books } = store;
  const chart = books && (await call.deps.db.get('charts', books.organisation));
  if (books !== undefined && chart !== undefined) return { store, books, chart };
  throw new AppError('bad-input', `No accounts are chosen for ${store.name} yet.`, {
    hint: 'Open Settings, choose the organisation and the two default accounts, and Save.',
  });
}

interface Shown {
  mapping: Mapping;
  errors?: FieldError[];
  unsaved?: string;
}

async function showMapping(call: UserCall): Promise<void> {
  const store = await storeOf(call);
  if (store.books === undefined && mayDo(call.user.role, 'bookkeeper')) {
    call.req.session.store = store.id;
    const said = `${store.name} is not connected yet: choose its organisation and the two accounts.`;
    return await goTo(call, '/settings', said);
  }
  const desk = await deskOf(call);
  await showDesk(call, desk, { mapping: desk.books.mapping });
}

async function showDesk(call: UserCall, { store, books, chart }: Desk, shown: Shown) {
  const { db } = call.deps;
  const { mapping, errors = [], unsaved } = shown;
  const seen = await readSeenNames(db, store);
  const beat = await db.get('heartbeats', store.id);
  const today = beat && previewToday({ store, heartbeat: beat.heartbeat, mapping, chart });
  const others = (await loadStores(db)).filter(
    other => other.id !== store.id && other.books?.organisation === books.organisation,
  );
  const names = listNames(seen, mapping, chart);
  const props = { store, mapping, chart, names, today, others, errors, unsaved };
  show(call, `Mappings of ${store.name}`, <MappingPage {...props} />);
}

async function save(call: UserCall): Promise<void> {
  const desk = await deskOf(call);
  const { store, books, chart } = desk;
  const { mapping, errors } = readMapping(call.req.body, books.organisation);
  if (mapping === undefined) return await showDesk(call, desk, kept(desk, errors));
  const problems = checkMapping(mapping, chart, store.currency).map(asFieldError);
  if (problems.length > 0) return await showDesk(call, desk, { mapping, errors: problems });
  await saveBooks(call, store, mapping, {
    connection: books.connection,
    id: books.organisation,
  });
  await goTo(call, `/mapping/${store.id}`, 'Saved. Days that waited for it are tried again.');
}

/** A form that is no mapping: what was saved stands in its place. */
function kept({ books }: Desk, errors: FieldError[]): Shown {
  return { mapping: books.mapping, errors };
}

async function preview(call: UserCall): Promise<void> {
  const desk = await deskOf(call);
  const { mapping, errors } = readMapping(call.req.body, desk.books.organisation);
  if (mapping === undefined) return await showDesk(call, desk, kept(desk, errors));
  const problems = checkMapping(mapping, desk.chart, desk.store.currency).map(asFieldError);
  const unsaved = 'Not saved yet: the preview shows the form as it stands.';
  await showDesk(call, desk, { mapping, errors: problems, unsaved });
}

async function refresh(call: UserCall): Promise<void> {
  const desk = await deskOf(call);
  const { connection, organisation } = desk.books;
  const ref = { connection, organisation };
  const chart = await call.deps.xero.readChart(ref, { maxAgeMs: 0, caller: 'person' });
  const { mapping, errors } = readMapping(call.req.body, organisation);
  const unsaved = 'The accounts were read from Xero again. The form is not saved yet.';
  const shown = mapping === undefined ? kept(desk, errors) : { mapping, unsaved };
  await showDesk(call, { ...desk, chart }, shown);
}

async function copy(call: UserCall): Promise<void> {
  const desk = await deskOf(call);
  const from = await call.deps.db.get('stores', field(call, 'from'));
  if (from?.books?.organisation !== desk.books.organisation) {
    const message = 'Choose a store of the same organisation.';
    return await showDesk(call, desk, kept(desk, [{ field: 'from', message }]));
  }
  const unsaved = `Filled in from ${from.name}: look it over and press Save.`;
  await showDesk(call, desk, { mapping: from.books.mapping, unsaved });
}
