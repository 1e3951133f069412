/**
 * Good and bad messages for those who program terminals: each bad one with the code and the path
 * that the agent answers. Only what a message says by itself; duplicates, dates and void targets
 * depend on the shop.
 */
import { saleMessage } from '../messages.ts';

export interface BadMessage {
  bytes: Buffer;
  code: string;
  path: string;
}

/** A message of a type without lines and tenders. */
function other(type: string, fields: object): Record<string, unknown> {
  const { lines: _, tenders: __, ...common } = saleMessage({ type, ...fields });
  return common;
}

const exchange = {
  lines: [
    { kind: 'item', sku: 'MUG-L', amount: 1900, taxCode: 'GST9', tax: 157 },
    { kind: 'item', sku: 'MUG-S', amount: -1500, quantity: -1, taxCode: 'GST9', tax: -124 },
  ],
  tenders: [{ method: 'card', amount: 400 }],
};

const everyKind = {
  epoch: 2,
  receipt: 'T1-001042',
  businessDate: '2026-11-22',
  lines: [
    {
      kind: 'item',
      category: 'Coffee',
      quantity: 2,
      amount: 1100,
      discount: 100,
      taxCode: 'GST9',
      tax: 91,
    },
    { kind: 'tip', amount: 200 },
    { kind: 'service-charge', amount: 110, taxCode: 'GST9', tax: 9 },
    { kind: 'surcharge', amount: 20 },
    { kind: 'gift-card', amount: 5000 },
    { kind: 'deposit', amount: 1000 },
    { kind: 'account-payment', amount: 2500 },
  ],
  tenders: [
    { method: 'cash', amount: 4928 },
    { method: 'gift-card', amount: 5000 },
  ],
  rounding: -2,
};

export const GOOD_MESSAGES: Readonly<Record<string, unknown>> = {
  'sale-minimal': saleMessage({ lines: [{ kind: 'item', amount: 1100 }] }),
  'sale-full': saleMessage(everyKind),
  'sale-exchange': saleMessage(exchange),
  'sale-given-away': saleMessage({
    lines: [{ kind: 'item', amount: 0, discount: 550 }],
    tenders: [],
  }),
  'sale-unknown-fields': saleMessage({ table: 7, staff: { name: 'Mei' } }),
  'sale-training': saleMessage({ training: true }),
  refund: saleMessage({
    type: 'refund',
    lines: [{ kind: 'item', amount: -1100, taxCode: 'GST9', tax: -91 }],
    tenders: [{ method: 'card', amount: -1100 }],
  }),
  void: other('void', { voids: 'sale-1' }),
  'cash-in': other('cash-in', { cash: { amount: 20_000, reason: 'float' } }),
  'cash-out': other('cash-out', { cash: { amount: 1250, reason: 'milk' } }),
  'cash-count': other('cash-count', { cash: { counted: 45_950, expected: 46_000 } }),
  'cash-count-blind': other('cash-count', { cash: { counted: 45_950 } }),
  'no-sale': other('no-sale', {}),
};

function bad(message: unknown, code: string, path = ''): BadMessage {
  const bytes = Buffer.isBuffer(message) ? message : Buffer.from(text(message));
  return { bytes, code, path };
}

function text(message: unknown): string {
  return typeof message === 'string' ? message : `${JSON.stringify(message, null, 2)}\n`;
}

const sale = JSON.stringify(saleMessage());
const oneLine = (fields: object) =>
  saleMessage({ lines: [{ kind: 'item', amount: 1100, ...fields }] });
const negative = {
  lines: [{ kind: 'item', amount: -1 }],
  tenders: [{ method: 'cash', amount: -1 }],
};
const positive = { lines: [{ kind: 'item', amount: 1 }], tenders: [{ method: 'cash', amount: 1 }] };

export const BAD_MESSAGES: Readonly<Record<string, BadMessage>> = {
  'not-json': bad(sale.slice(0, -1), 'not-json'),
  empty: bad('', 'not-json'),
  'byte-order-mark': bad(`\ufeff${sale}`, 'not-json'),
  nan: bad(sale.replace('"sequence":1', '"sequence":NaN'), 'not-json'),
  'key-twice': bad(sale.replace('{', '{"currency":"USD",'), 'not-json'),
  'key-twice-escaped': bad(sale.replace('{', '{"\\u0069d":"x",'), 'not-json'),
  'lone-surrogate': bad(sale.replace('sale-1', '\\ud800'), 'not-json'),
  'not-utf8': bad(Buffer.from(sale.replace('Coffee', 'Caf\u00e9'), 'latin1'), 'not-utf8'),
  'too-deep': bad(sale.replace('{', `{"x":${'['.repeat(32)}${']'.repeat(32)},`), 'too-deep'),
  'too-large': bad(sale.replace('{', `{"x":"${'x'.repeat(65_536)}",`), 'too-large'),
  'no-object': bad([saleMessage()], 'schema'),
  'no-type': bad(saleMessage({ type: undefined }), 'schema', 'type'),
  'unknown-type': bad(saleMessage({ type: 'layby' }), 'schema', 'type'),
  'version-2': bad(saleMessage({ version: 2 }), 'schema', 'version'),
  'no-id': bad(saleMessage({ id: undefined }), 'schema', 'id'),
  'id-too-long': bad(saleMessage({ id: 'x'.repeat(65) }), 'schema', 'id'),
  'sequence-zero': bad(saleMessage({ sequence: 0 }), 'schema', 'sequence'),
  'sequence-text': bad(saleMessage({ sequence: '1' }), 'schema', 'sequence'),
  'sequence-too-big': bad(
    sale.replace('"sequence":1', '"sequence":9007199254740993'),
    'schema',
    'sequence',
  ),
  'no-offset': bad(saleMessage({ occurredAt: '2026-11-22T19:04:11' }), 'schema', 'occurredAt'),
  'date-that-is-none': bad(saleMessage({ businessDate: '2026-02-29' }), 'schema', 'businessDate'),
  'currency-lower-case': bad(saleMessage({ currency: 'sgd' }), 'schema', 'currency'),
  'no-lines': bad(saleMessage({ lines: [] }), 'schema', 'lines'),
  'no-tenders': bad(saleMessage({ tenders: undefined }), 'schema', 'tenders'),
  'float-amount': bad(oneLine({ amount: 11.005 }), 'schema', 'lines[0].amount'),
  'text-amount': bad(oneLine({ amount: '1100' }), 'schema', 'lines[0].amount'),
  'amount-too-large': bad(oneLine({ amount: 1e12 }), 'schema', 'lines[0].amount'),
  'unknown-kind': bad(oneLine({ kind: 'thing' }), 'schema', 'lines[0].kind'),
  'negative-discount': bad(oneLine({ discount: -1 }), 'schema', 'lines[0].discount'),
  'tax-without-code': bad(oneLine({ tax: 91 }), 'schema', 'lines[0].tax'),
  'tax-other-sign': bad(oneLine({ tax: -91, taxCode: 'GST9' }), 'schema', 'lines[0].tax'),
  'tax-too-large': bad(oneLine({ tax: 1101, taxCode: 'GST9' }), 'schema', 'lines[0].tax'),
  'tender-without-method': bad(
    saleMessage({ tenders: [{ amount: 1100 }] }),
    'schema',
    'tenders[0].method',
  ),
  'sale-below-zero': bad(saleMessage(negative), 'schema', 'lines'),
  'refund-above-zero': bad(saleMessage({ ...positive, type: 'refund' }), 'schema', 'lines'),
  'one-cent-off': bad(
    saleMessage({ tenders: [{ method: 'cash', amount: 1099 }] }),
    'unbalanced',
    'tenders',
  ),
  'rounding-off': bad(saleMessage({ rounding: 5 }), 'unbalanced', 'tenders'),
  'void-of-nothing': bad(other('void', {}), 'schema', 'voids'),
  'cash-out-negative': bad(
    other('cash-out', { cash: { amount: -5, reason: 'x' } }),
    'schema',
    'cash.amount',
  ),
  'cash-out-without-reason': bad(
    other('cash-out', { cash: { amount: 5 } }),
    'schema',
    'cash.reason',
  ),
  'cash-count-without-count': bad(other('cash-count', { cash: {} }), 'schema', 'cash.counted'),
};
