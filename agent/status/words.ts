/** Codes in the words of the people in the shop. */
import type { LineKind, ProblemCode } from '../../protocol/transaction.ts';
import type { DayState } from './status.ts';

/** Why a message was set aside; what it said is not repeated (it may hold amounts). */
export const QUARANTINE_WORDS: Readonly<Record<ProblemCode, string>> = {
  'not-json': 'the till sent something that is no JSON',
  'not-utf8': 'the till sent text in a wrong encoding',
  'too-deep': 'the message is nested too deeply',
  'too-large': 'the message is too large',
  schema: 'a field is missing or wrong',
  unbalanced: 'what was sold and what was paid are not equal',
  currency: "the currency is not the shop's",
  'business-date': 'the business date does not fit',
  clock: "the till's clock is ahead by more than a day",
  'conflict-id': 'the same id was used for another receipt',
  'conflict-number': 'the same number was used for another receipt',
  'void-target': 'the receipt it takes back is not here yet',
};

/** Lines that are no products, as a Z report names them. */
export const KIND_WORDS: Readonly<Record<LineKind, string>> = {
  item: 'Items',
  tip: 'Tips',
  'service-charge': 'Service charge',
  surcharge: 'Surcharge',
  'gift-card': 'Gift cards sold',
  deposit: 'Deposits taken',
  'account-payment': 'Paid on account',
};

export const DAY_WORDS: Readonly<Record<DayState, string>> = {
  open: 'Open',
  closing: 'Waiting for a till',
  closed: 'Closed, not sent yet',
  delivered: 'Sent to head office',
  posted: 'In Xero',
  reconciled: 'In Xero, checked',
};

/** Why a day is not in Xero yet; the relay says what to do about it, to head office. */
const WAIT_WORDS: Readonly<Record<string, string>> = {
  'not-mapped': 'head office has not chosen the accounts yet',
  unmapped: 'head office must choose an account',
  gaps: 'head office waits for sales that have not arrived',
  quarantined: 'head office waits for messages that were set aside',
  'period-locked': 'the books of that day are locked',
  'tax-differs': 'head office must look at the tax',
  'before-connection': 'from before the books were connected',
  held: 'head office holds it',
  'xero-disconnected': 'head office must connect Xero again',
};

/** Why head office keeps a day aside. */
const ASIDE_WORDS: Readonly<Record<string, string>> = {
  'other-content': 'it has another summary of the same day already',
  'broken-chain': 'it does not follow the last summary that head office has',
  'revoked-key': "this machine's key is not good any more",
  'future-day': 'the day had not begun yet',
  'history-lost': 'it has fewer sales than the one before it',
  'bad-summary': 'it does not add up',
};

export function asideWords(reason: string): string {
  return ASIDE_WORDS[reason] ?? reason.replaceAll('-', ' ');
}

export function waitWords(reason: string): string {
  return WAIT_WORDS[reason] ?? `waits at head office: ${reason.replaceAll('-', ' ')}`;
}
