/** One store-day: its page, its signed summaries, and what HQ may do to it. */
import { DATE_PATTERN } from '../../../protocol/business-date.ts';
import { AppError } from '../../../protocol/errors.ts';
import type { DayRecord } from '../../db/records.ts';
import { show } from '../answers.tsx';
import { goTo, part, type UserCall } from '../call.ts';
import { loadDay } from '../day-data.ts';
import type { DayAction } from '../deps.ts';
import { DayPage } from '../views/day.tsx';
import { xeroLink } from '../xero-link.ts';
import type { Route } from './route.ts';
import { storeOf } from './store-of.ts';

const ACTIONS: DayAction[] = ['retry', 'hold', 'release', 'post'];

export function dayRoutes(): Route[] {
  return [
    { method: 'get', path: '/days/:store/:date', needs: 'viewer', run: showDay },
    { method: 'get', path: '/days/:store/:date/:digest.jws', needs: 'viewer', run: download },
    ...ACTIONS.map(
      action =>
        ({
          method: 'post',
          path: `/days/:store/:date/${action}`,
          needs: 'bookkeeper',
          run: call => act(call, action),
        }) satisfies Route,
    ),
  ];
}

async function showDay(call: UserCall): Promise<void> {
  const { db, xeroLoginUrl } = call.deps;
  const store = await storeOf(call);
  const data = await loadDay(db, store, dateOf(call));
  if (data === undefined) throw noSuchDay();
  const shortCode = data.chart?.organisation.shortCode;
  const props = {
    data,
    actions: actionsFor(data.day),
    linkOf: (kind: 'invoice' | 'credit-note', id: string) =>
      xeroLink(xeroLoginUrl, shortCode, kind, id),
  };
  show(call, `${store.name}, ${data.day.date}`, <DayPage {...props} />);
}

function dateOf(call: UserCall): string {
  const date = part(call, 'date');
  if (DATE_PATTERN.test(date)) return date;
  throw noSuchDay();
}

function noSuchDay(): AppError {
  return new AppError('not-found', 'There is no such day.', {
    hint: 'A day appears when its summary arrives from the shop. Look at the page Days.',
  });
}

/** What makes sense in this state, the most likely first. */
function actionsFor(day: DayRecord): DayAction[] {
  if (day.heldBy !== undefined) return ['release'];
  switch (day.state) {
    case 'received':
    case 'posting':
      return ['retry', 'hold'];
    case 'waiting':
      return day.reasons.some(({ code }) => code === 'gaps' || code === 'quarantined')
        ? ['release', 'retry', 'hold']
        : ['retry', 'hold'];
    case 'not-posted':
      return ['post', 'hold'];
    case 'posted':
    case 'drafted':
    case 'reconciled':
      return day.documents.some(({ state }) => state === 'gone') ? ['post', 'retry'] : ['retry'];
    case 'missing':
    case 'kept-aside':
      return [];
  }
}

const DONE: Record<DayAction, string> = {
  retry: 'It is tried again now.',
  hold: 'The day is held: nothing is posted until you press Release.',
  release: 'The day is released: it is posted next.',
  post: 'The day is posted next.',
};

async function act(call: UserCall, action: DayAction): Promise<void> {
  const { id } = await storeOf(call);
  const date = dateOf(call);
  await call.deps.days.act(action, id, date, call.user.email);
  await goTo(call, `/days/${id}/${date}`, DONE[action]);
}

async function download(call: UserCall): Promise<void> {
  const { id } = await storeOf(call);
  const date = dateOf(call);
  const digest = part(call, 'digest');
  const summary = /^[A-Za-z0-9_-]{43}$/.test(digest)
    ? await call.deps.db.get('summaries', `${id}/${digest}`)
    : undefined;
  if (summary === undefined || summary.date !== date) throw noSuchDay();
  const name = `${id}-${date}-r${summary.revision}.jws`;
  call.res.type('application/jose').attachment(name).send(summary.jws);
}
