/**
 * Makes the generated part of the golden set: `node dist/test/golden/generate.js` writes
 * test/golden/days/<date>.json for every seed. The same seed makes the same day for ever; what Xero
 * shall hold is worked out by bookkeeper.ts, not by the relay.
 */
import { writeFileSync } from 'node:fs';
import { addDays } from '../../protocol/business-date.ts';
import { keepBooks } from './bookkeeper.ts';
import { type ExpectedDocument, GOLDEN, type GoldenDay, type ShortMessage } from './load.ts';

const FIRST = '2026-05-01';
const DAYS = 64;
/** Every so many days a till that was offline sends its sales after the close. */
const LATE_EVERY = 5;

type Pick = <Value>(choices: readonly (readonly [weight: number, value: Value])[]) => Value;

interface Dice {
  /** A whole number from `min` to `max`. */
  between: (min: number, max: number) => number;
  chance: (percent: number) => boolean;
  pick: Pick;
}

for (let seed = 1; seed <= DAYS; seed += 1) {
  const day = makeDay(seed);
  writeFileSync(new URL(`days/${day.date}.json`, GOLDEN), print(day));
}

/** 32-bit xorshift with a scrambled start: no library, the same for ever. */
function diceOf(seed: number): Dice {
  let state = Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 8; i += 1) next();
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    between,
    chance: percent => next() * 100 < percent,
    pick: choices => {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of choices) {
        left -= weight;
        if (left < 0) return value;
      }
      return (choices.at(-1) ?? choices[0] ?? [0, undefined as never])[1];
    },
  };
}

function makeDay(seed: number): GoldenDay {
  const dice = diceOf(seed);
  const date = addDays(FIRST, seed - 1);
  // One day in eight more comes back than goes out.
  const refunds = seed % 8 === 0 ? 80 : 10;
  const trading = Array.from({ length: dice.between(4, 11) }, (_, i) =>
    happening(dice, i, refunds),
  );
  const first = [...trading, ...endOfDay(dice, trading)];
  const late = seed % LATE_EVERY === 0 ? lateSales(dice, refunds) : [];
  const revisions = late.length > 0 ? [first, late] : [first];
  return {
    title: `seed ${seed}`,
    date,
    books: 'cafe',
    revisions,
    expected: expectedOf(revisions, date.replaceAll('-', '')),
  };
}

function expectedOf(revisions: readonly ShortMessage[][], number: string): ExpectedDocument[] {
  const documents: ExpectedDocument[] = [];
  const earlier: ShortMessage[] = [];
  for (const messages of revisions) {
    const suffix = documents.length === 0 ? '' : `-A${documents.length}`;
    const document = keepBooks(messages, earlier, `${number}${suffix}`);
    if (document !== undefined) documents.push(document);
    earlier.push(...messages);
  }
  return documents;
}

function happening(dice: Dice, index: number, refunds: number): ShortMessage {
  const at = `${String(8 + index).padStart(2, '0')}:${String(dice.between(0, 59)).padStart(2, '0')}`;
  const terminal = dice.pick([
    [3, 'till-1'],
    [1, 'till-2'],
  ]);
  const head = { at, terminal };
  if (dice.chance(6)) {
    const reason = dice.pick([
      [3, 'milk'],
      [1, 'owner'],
      [1, 'window cleaner'],
    ]);
    return { ...head, type: 'cash-out', cash: { amount: dice.between(200, 6000), reason } };
  }
  if (dice.chance(2)) return { ...head, type: 'no-sale' };
  return { ...head, id: `r${index}`, ...receipt(dice, dice.chance(refunds)) };
}

function receipt(dice: Dice, back: boolean): { type: string } & Record<string, unknown> {
  const items = Array.from({ length: dice.between(1, 4) }, () => item(dice));
  const lines: object[] = [...items];
  const sold = items.reduce((sum, line) => sum + line.amount, 0);
  if (!back && dice.chance(15)) lines.push(taxed('service-charge', Math.round(sold / 10)));
  if (!back && dice.chance(12)) lines.push({ kind: 'tip', amount: dice.between(50, 900) });
  if (!back && dice.chance(5)) lines.push({ kind: 'gift-card', amount: dice.between(1, 5) * 1000 });
  if (!back && dice.chance(4)) lines.push({ kind: 'deposit', amount: dice.between(10, 90) * 100 });
  if (!back && dice.chance(3)) lines.push({ kind: 'account-payment', amount: 2500 });
  const signed = lines.map(line => (back ? turned(line) : line));
  const due = signed.reduce((sum, line) => sum + (line as { amount: number }).amount, 0);
  return { type: back ? 'refund' : 'sale', lines: signed, ...paid(dice, due) };
}

function item(dice: Dice): { amount: number } & Record<string, unknown> {
  const category = dice.pick([
    [5, 'Coffee'],
    [3, 'Food'],
    [2, 'Retail'],
    [1, 'Seasonal'],
    [1, undefined],
  ]);
  const price = dice.between(180, 4900) * dice.between(1, 2);
  const discount = dice.chance(10) ? Math.round(price / 10) : 0;
  const amount = price - discount;
  if (category === 'Retail' && dice.chance(30)) {
    return { kind: 'item', category, amount, discount, taxCode: 'ZERO' };
  }
  if (dice.chance(4)) return { kind: 'item', category, amount, discount };
  return { ...taxed('item', amount), category, discount };
}

function taxed(kind: string, amount: number): { amount: number } & Record<string, unknown> {
  return { kind, amount, taxCode: 'GST9', tax: Math.round((amount * 9) / 109) };
}

function turned(line: object): object {
  const { amount, tax, ...rest } = line as { amount: number; tax?: number };
  return { ...rest, amount: -amount, ...(tax === undefined ? {} : { tax: -tax }) };
}

/** Cash alone is rounded to five cents; some customers pay with two tenders. */
function paid(dice: Dice, due: number): { tenders: object[]; rounding?: number } {
  const method = dice.pick([
    [8, 'card'],
    [7, 'cash'],
    [3, 'paynow'],
    [2, 'gift-card'],
    [1, 'on-account'],
    [1, 'deposit'],
  ]);
  if (method === 'cash') {
    const rounded = Math.round(due / 5) * 5;
    const tenders = [{ method, amount: rounded }];
    return rounded === due ? { tenders } : { tenders, rounding: rounded - due };
  }
  if (!dice.chance(15)) return { tenders: [{ method, amount: due }] };
  const part = Math.trunc(due / 3);
  return {
    tenders: [
      { method, amount: due - part },
      { method: method === 'card' ? 'paynow' : 'card', amount: part },
    ],
  };
}

function endOfDay(dice: Dice, trading: readonly ShortMessage[]): ShortMessage[] {
  const messages: ShortMessage[] = [];
  const wrong = trading.find(({ id }) => id !== undefined);
  if (wrong?.id !== undefined && dice.chance(25)) {
    messages.push({ at: '20:15', type: 'void', voids: wrong.id });
  }
  if (dice.chance(20)) {
    const cash = { amount: 20000, reason: 'float' };
    messages.push({ at: '20:30', type: 'cash-in', cash });
  }
  const expected = dice.between(10_000, 90_000);
  const counted =
    expected +
    dice.pick([
      [6, 0],
      [1, -5],
      [1, -130],
      [1, 20],
    ]);
  messages.push({ at: '21:00', type: 'cash-count', cash: { counted, expected } });
  return messages;
}

function lateSales(dice: Dice, refunds: number): ShortMessage[] {
  return Array.from({ length: dice.between(1, 3) }, (_, i) => ({
    at: `22:0${i}`,
    terminal: 'till-9',
    ...receipt(dice, dice.chance(refunds)),
  }));
}

/** One message per line, so that a person can read the day. */
function print({ title, date, books, revisions, expected }: GoldenDay): string {
  const list = (rows: readonly unknown[], indent: string) =>
    rows.length === 0
      ? '[]'
      : `[\n${rows.map(row => `${indent}  ${JSON.stringify(row)}`).join(',\n')}\n${indent}]`;
  const said = revisions.map(messages => `    ${list(messages, '    ')}`).join(',\n');
  const documents = JSON.stringify(expected, null, 2).replaceAll('\n', '\n  ');
  return `{
  "title": ${JSON.stringify(title)},
  "date": "${date}",
  "books": ${JSON.stringify(books)},
  "revisions": [\n${said}\n  ],
  "expected": ${documents}
}
`;
}
