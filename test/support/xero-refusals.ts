/** What Xero says when it refuses, and the reason that a day then names. */
import type { ReasonCode } from '../../relay/books/reasons.ts';

/** Sentences of Xero as its documentation and integrators report them. */
export const SAID: readonly [string, ReasonCode][] = [
  [
    'The document date cannot be before the period lock date, currently set at 31 October 2026.',
    'period-locked',
  ],
  ['The document date cannot be before the end of year lock date', 'period-locked'],
  ['The payment date cannot be before the period lock date', 'period-locked'],
  ["Account code '200' is not a valid code for this document.", 'account-not-for-lines'],
  ["Account code '200' has been archived, or has been deleted.", 'account-archived'],
  [
    "Account code '200' has been archived, or has been deleted. Each line item must reference a valid account.",
    'account-archived',
  ],
  ["Account code '201' could not be found.", 'account-missing'],
  ['Account must be valid.', 'account-missing'],
  ['Account code must be specified.', 'account-missing'],
  [
    "Account '200' cannot be used for payments. It must be an active bank account or have payments enabled.",
    'payments-not-enabled',
  ],
  ["The TaxType code 'OUTPUT2' cannot be used with account code '429'.", 'tax-type-not-applicable'],
  [
    'The TaxType code OUTPUT9 does not exist or cannot be used for this type of transaction.',
    'tax-type-missing',
  ],
  ['Tax rate must be valid.', 'tax-type-missing'],
  ["The tracking category option 'Orchard' does not exist or is archived.", 'tracking-missing'],
  ['Invoice # must be unique.', 'number-taken'],
  ['Credit Note # must be unique.', 'number-taken'],
  ['Organisation is not subscribed to currency EUR', 'currency'],
  ['Payment amount exceeds the amount outstanding on this document', 'payment-too-large'],
  ['Payment not of valid status', 'not-payable'],
  ['Invoice not of valid status for modification', 'not-payable'],
  ['Payments can only be made against Authorised documents', 'not-payable'],
  ['The document to be paid could not be found.', 'not-payable'],
  ['This payment has been reconciled and cannot be edited', 'changed-in-xero'],
  [
    'This document cannot be edited as it has a payment or credit note allocated to it.',
    'changed-in-xero',
  ],
  ['The contact is archived and cannot be used.', 'contact-archived'],
  ['The Contact with ContactID 7 could not be found.', 'contact-missing'],
  [
    'The contact name Orchard is already assigned to another contact. The contact name must be unique across all active contacts.',
    'contact-archived',
  ],
  ['The Idempotency-Key was used with another request.', 'xero-unknown-outcome'],
  ['You are not permitted to access this resource: no permission', 'xero-not-allowed'],
  ['AuthenticationUnsuccessful', 'xero-disconnected'],
  ['TokenExpired: token expired at 12:00', 'xero-disconnected'],
  ['The organisation is offline', 'xero-unavailable'],
  ['A wholly new sentence', 'xero-refused'],
];
