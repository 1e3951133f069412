/**
 * The closed list of reasons why a day waits, each with the fix in a bookkeeper's words. Made by the
 * plan (invoice.ts), the check of the mapping, the translation of Xero's refusals (refusals.ts), the
 * comparison (reconcile.ts) and the poster.
 */

/** Why a day waits: a code, a sentence for a bookkeeper, and what to do. */
export interface Reason {
  code: string;
  message: string;
  fix: string;
  /** Xero's own words, as they came. */
  raw?: string;
}

/** Code → what to do about it when the place that found it knows nothing better. */
const FIXES = {
  // the mapping
  'not-mapped': 'Open Settings, choose the organisation and the two default accounts, and Save.',
  unmapped: 'Open the mapping of the store, choose an account for the name, and Save.',
  'account-missing':
    'Choose another account in the mapping, or add the account in Xero and Refresh.',
  'account-archived':
    'Restore the account in Xero (Chart of accounts → Archived), or choose another.',
  'account-not-for-lines':
    'Choose an ordinary account: Xero takes bank accounts and its own system accounts only for payments or not at all.',
  'payments-not-enabled':
    'In Xero open Chart of accounts → the account → tick “Enable payments to this account”, then Refresh.',
  'needs-clearing-account':
    'Give the tender a clearing account: in Xero Chart of accounts → Add account → Current Asset → Enable payments to this account; choose it in the mapping.',
  'tax-type-missing': 'Choose a tax rate of the organisation in the mapping, or Refresh.',
  'tax-type-not-applicable': 'Choose a tax rate that Xero allows for this kind of account.',
  'tax-not-zero': 'Choose a tax rate of 0 %, such as “Tax Exempt” or “BAS Excluded”.',
  'tax-rate-changed': 'Check the rate in Xero (Settings → Tax rates) and at the tills.',
  'tracking-missing': 'Choose another tracking option in the mapping, or restore it in Xero.',
  currency: 'Connect an organisation whose base currency is the currency of the store.',
  'currency-three-decimals':
    'Xero keeps two decimals at most: this currency cannot be posted. Keep these books elsewhere.',
  // the day
  'tax-differs':
    'Check the tax rate of this tax code in the mapping and at the tills; raise the tolerance only if both are right.',
  'period-locked':
    'Move the lock date in Xero (Accounting → Advanced → Lock dates), or let locked days be posted as drafts in the mapping.',
  gaps: 'Wait until the tills have sent the missing numbers, or press Release to post without them.',
  quarantined: 'Mend the quarantined sales at the shop, or press Release to post without them.',
  'amount-too-large': 'Check the tills: a day of this size cannot be posted.',
  'number-taken':
    'Another document has this number: rename it in Xero, or choose another number prefix in the mapping.',
  'books-differ': 'Compare the day with Xero line by line; nothing is corrected by itself.',
  'before-connection': 'Press Post to post a day from before the connection.',
  'other-organisation':
    'Choose the former organisation on the mapping page until this day is posted, or enter the difference in Xero by hand and press Hold.',
  held: 'Press Release when the day may be posted.',
  // what was done by hand in Xero
  'document-gone':
    'Somebody voided or deleted the document in Xero. Press Post again to make a new one.',
  'changed-in-xero':
    'Somebody changed the document or its payments in Xero. Undo it there, or leave it so.',
  'contact-archived':
    'Restore the contact in Xero (Contacts → Archived), or choose another in the mapping.',
  'contact-missing': 'Press Retry: the contact is made anew. Or choose another in the mapping.',
  'payment-too-large': 'Look at the document in Xero: somebody has paid or credited it by hand.',
  'not-payable': 'Look at the document in Xero: it must be approved to be paid.',
  // the connection
  'xero-disconnected': 'Open Settings and connect the organisation again.',
  'xero-rate-limit': 'Nothing to do: posting goes on when Xero takes calls again.',
  'xero-unavailable': 'Nothing to do: it is tried again by itself.',
  'xero-unknown-outcome':
    'Nothing to do: the document is looked up in Xero before anything is sent again.',
  'xero-not-allowed':
    'The person who connected Xero may not do this: connect again as an adviser or standard user.',
  'organisation-closed':
    'Renew the organisation’s Xero subscription; posting then goes on by itself.',
  'xero-refused': 'Read what Xero says, mend it, and press Retry.',
} as const;

export type ReasonCode = keyof typeof FIXES;

/** All codes, for pages and tests. */
export const REASON_CODES = Object.keys(FIXES) as ReasonCode[];

/** A reason with the usual fix of its code, or a better one. */
export function reason(
  code: ReasonCode,
  message: string,
  more: { fix?: string; raw?: string } = {},
): Reason {
  const made: Reason = { code, message, fix: more.fix ?? FIXES[code] };
  if (more.raw !== undefined) made.raw = more.raw;
  return made;
}

/** Each reason once, in the order they were found. */
export function distinctReasons(reasons: readonly Reason[]): Reason[] {
  const seen = new Set<string>();
  return reasons.filter(({ code, message }) => {
    const key = `${code} ${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
