/**
 * A second bookkeeper for the golden set: works out what Xero shall hold for a day, message by
 * message, from a table of accounts of its own. It shares no code with the relay, so that the two
 * must agree by being right.
 */
import type { ExpectedDocument, ShortMessage } from './load.ts';

/** The café's accounts at the stand-in, as books.json maps them. */
const SALES: Readonly<Record<string, string>> = { Coffee: '201', Food: '202', Retail: '203' };
const KINDS: Readonly<Record<string, string>> = {
  tip: '832 NONE',
  'gift-card': '830 OSOUTPUT',
  deposit: '831 OSOUTPUT',
  'account-payment': '623 OSOUTPUT',
};
const TAXES: Readonly<Record<string, string>> = { GST9: 'OUTPUT', ZERO: 'ZERORATEDOUTPUT' };
const CLEARING: Readonly<Record<string, string>> = { card: '620', paynow: '622', cash: '621' };
const OWED: Readonly<Record<string, string>> = {
  'gift-card': '830',
  deposit: '831',
  'on-account': '623',
};

interface Line {
  kind: string;
  category?: string;
  taxCode?: string;
  amount: number;
}

interface Heap {
  /** Sales by account and tax type. */
  earned: Map<string, number>;
  /** Lines that stand alone: rounding, cash reasons, over/short. */
  drawer: Map<string, number>;
  tenders: Map<string, number>;
}

/** The document of one revision's messages; undefined when no money moved. */
export function keepBooks(
  messages: readonly ShortMessage[],
  earlier: readonly ShortMessage[],
  number: string,
): ExpectedDocument | undefined {
  const heap: Heap = { earned: new Map(), drawer: new Map(), tenders: new Map() };
  for (const message of messages) enter(heap, message, [...earlier, ...messages]);
  const net = [...heap.tenders]
    .filter(([tender]) => tender in CLEARING)
    .reduce((sum, [, amount]) => sum + amount, 0);
  const sign = net < 0 ? -1 : 1;
  const lines: [string, number][] = [...heap.earned, ...heap.drawer];
  const payments: [string, number][] = [];
  for (const [tender, amount] of heap.tenders) {
    const clearing = CLEARING[tender];
    if (clearing === undefined) lines.push([`${OWED[tender]} OSOUTPUT`, -amount]);
    else if (amount * sign < 0) lines.push([`${clearing} OSOUTPUT`, -amount]);
    else payments.push([`${tender} ${clearing}`, amount * sign]);
  }
  const moving = lines.filter(([, amount]) => amount !== 0).map(turn(sign));
  if (moving.length === 0) return undefined;
  return {
    kind: sign === 1 ? 'invoice' : 'credit-note',
    number,
    status: 'AUTHORISED',
    total: cents(moving.reduce((sum, [, amount]) => sum + amount, 0)),
    tax: cents(moving.reduce((sum, [key, amount]) => sum + gst(key, amount), 0)),
    lines: moving.map(([key, amount]) => `${key.replace(/ #.*/, '')} ${cents(amount)}`).sort(),
    payments: payments
      .filter(([, amount]) => amount !== 0)
      .map(([key, amount]) => `${key} ${cents(amount)}`)
      .sort(),
  };
}

function turn(sign: number) {
  return ([key, amount]: [string, number]): [string, number] => [key, amount * sign];
}

function enter(heap: Heap, message: ShortMessage, all: readonly ShortMessage[], sign = 1): void {
  if (message.type === 'void') {
    const target = all.find(({ id }) => id === message['voids']);
    if (target === undefined) throw new Error(`nothing to void: ${String(message['voids'])}`);
    enter(heap, target, all, -1);
    return;
  }
  for (const line of (message['lines'] ?? []) as Line[]) {
    put(heap.earned, earnedOn(line), sign * line.amount);
  }
  for (const tender of (message['tenders'] ?? []) as { method: string; amount: number }[]) {
    put(heap.tenders, tender.method, sign * tender.amount);
  }
  put(heap.drawer, '860 NONE', sign * Number(message['rounding'] ?? 0));
  const cash = message['cash'] as Record<string, number | string> | undefined;
  if (cash === undefined) return;
  if (message.type === 'cash-count') {
    if (cash['expected'] === undefined) return;
    const over = Number(cash['counted']) - Number(cash['expected']);
    put(heap.drawer, '421 OSOUTPUT', over);
    put(heap.tenders, 'cash', over);
    return;
  }
  const moved = sign * Number(cash['amount']) * (message.type === 'cash-out' ? -1 : 1);
  const account = cash['reason'] === 'owner' ? '970' : '420';
  put(heap.drawer, `${account} OSOUTPUT #${String(cash['reason'])}`, moved);
  put(heap.tenders, 'cash', moved);
}

/** Account, tax type and department (a bucket has one department). */
function earnedOn({ kind, category = '', taxCode }: Line): string {
  const other = KINDS[kind];
  if (other !== undefined) return other;
  const tax = TAXES[taxCode ?? ''] ?? 'NONE';
  if (kind === 'service-charge') return `210 ${tax}`;
  return `${SALES[category] ?? '200'} ${tax}`;
}

function put(rows: Map<string, number>, key: string, amount: number): void {
  rows.set(key, (rows.get(key) ?? 0) + amount);
}

/** 9 % within, rounded half away from zero. */
function gst(key: string, amount: number): number {
  if (!key.includes(' OUTPUT')) return 0;
  return Math.sign(amount) * Math.round((Math.abs(amount) * 9) / 109);
}

function cents(amount: number): string {
  const text = String(Math.abs(amount)).padStart(3, '0');
  return `${amount < 0 ? '-' : ''}${text.slice(0, -2)}.${text.slice(-2)}`;
}
