/**
 * What HQ asks of a shop: close the day now, trust the clock; and of the books: days from before the
 * connection. The agent learns of it with its next heartbeat. Asking twice is asking once.
 */
import { randomUUID } from 'node:crypto';
import { businessDateOf, DATE_PATTERN } from '../../../protocol/business-date.ts';
import { AppError } from '../../../protocol/errors.ts';
import { addAudit } from '../../db/audit.ts';
import type { CommandRecord, StoreRecord } from '../../db/records.ts';
import { field, goTo, type UserCall } from '../call.ts';
import type { Route } from './route.ts';
import { storeOf } from './store-of.ts';

type Run = (call: UserCall) => Promise<void>;

/** @param orShow tells what a person can mend on the store's page */
export function shopRoutes(orShow: (run: Run) => Run): Route[] {
  const path = '/stores/:store';
  return [
    { method: 'post', path: `${path}/close-day`, needs: 'bookkeeper', run: closeDay },
    { method: 'post', path: `${path}/confirm-clock`, needs: 'bookkeeper', run: confirmClock },
    { method: 'post', path: `${path}/post-range`, needs: 'bookkeeper', run: orShow(postRange) },
  ];
}

async function closeDay(call: UserCall): Promise<void> {
  const store = await storeOf(call);
  const date = businessDateOf(call.now, store);
  await ask(call, store, { kind: 'close', date });
  await goTo(call, `/stores/${store.id}`, `${store.name} closes ${date} within 5 minutes.`);
}

async function confirmClock(call: UserCall): Promise<void> {
  const store = await storeOf(call);
  await ask(call, store, { kind: 'confirm-clock' });
  await goTo(call, `/stores/${store.id}`, `${store.name} trusts its clock within 5 minutes.`);
}

type Asked = { kind: 'close'; date: string } | { kind: 'confirm-clock' };

async function ask(call: UserCall, { id }: StoreRecord, asked: Asked): Promise<void> {
  const { deps, now, user } = call;
  const command: CommandRecord = {
    ...asked,
    id: randomUUID(),
    givenAt: new Date(now).toISOString(),
  };
  await deps.db.write(async tx => {
    const store = await tx.get('stores', id);
    if (store === undefined) throw new AppError('not-found', 'There is no such store any more.');
    const others = store.commands.filter(other => !isSame(other, command));
    await tx.put('stores', id, { ...store, commands: [...others, command] });
    const details = { store: id, ...asked };
    await addAudit(tx, now, { who: user.email, what: 'Shop asked', details });
  });
}

function isSame(a: CommandRecord, b: CommandRecord): boolean {
  return a.kind === b.kind && dateOf(a) === dateOf(b);
}

function dateOf(command: CommandRecord): string {
  return command.kind === 'close' ? command.date : '';
}

async function postRange(call: UserCall): Promise<void> {
  const store = await storeOf(call);
  const [from, to] = [dateField(call, 'from'), dateField(call, 'to')];
  const posted = await call.deps.days.postRange(store.id, from, to, call.user.email);
  const said =
    posted.length === 0
      ? 'No day of this range is kept and not posted.'
      : `${posted.length} ${posted.length === 1 ? 'day is' : 'days are'} posted next.`;
  await goTo(call, `/stores/${store.id}`, said);
}

function dateField(call: UserCall, name: string): string {
  const date = field(call, name);
  if (DATE_PATTERN.test(date)) return date;
  throw new AppError('bad-input', `Choose the ${name === 'from' ? 'first' : 'last'} day.`, {
    path: name,
    hint: 'A date such as 2026-11-21.',
  });
}
