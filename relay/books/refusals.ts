/**
 * What Xero says when it refuses, as one of our reasons. Xero has no stable codes, only English that
 * changes: words are matched loosely, the first fitting row counts, and the raw answer is kept. What
 * fits no row is `xero-refused` with Xero's own words.
 */
import { AppError, messageOf } from '../../protocol/errors.ts';
import { distinctReasons, type Reason, type ReasonCode, reason } from './reasons.ts';

interface Refusal {
  words: RegExp;
  code: ReasonCode;
  /** The sentence for the bookkeeper; Xero's own is in `raw`. */
  says: string;
}

/** Order matters: a message is judged by the first row that fits. */
const REFUSALS: readonly Refusal[] = [
  {
    words: /lock\s*date|period (?:is )?locked|locked period/i,
    code: 'period-locked',
    says: 'Xero’s books are locked on this date.',
  },
  {
    words: /contact name .*(?:already|unique)/i,
    code: 'contact-archived',
    says: 'Xero has another contact of this name that cannot be used.',
  },
  {
    words: /contact.*(?:archived|inactive)/i,
    code: 'contact-archived',
    says: 'The contact of the invoices is archived in Xero.',
  },
  {
    words: /contact.*(?:not be found|not found|not exist|must contain|must be specified)/i,
    code: 'contact-missing',
    says: 'The contact of the invoices is no longer in Xero.',
  },
  {
    words: /# ?must be unique|number .*(?:must be unique|already exists|already been used)/i,
    code: 'number-taken',
    says: 'Xero has a document with this number already.',
  },
  {
    words: /account.*(?:archived|deleted|inactive)/i,
    code: 'account-archived',
    says: 'An account of the mapping is archived in Xero.',
  },
  {
    words: /tax\s?type.*cannot be used with account|tax (?:rate|type).*not (?:valid|allowed) for/i,
    code: 'tax-type-not-applicable',
    says: 'Xero does not allow a tax rate of the mapping on its account.',
  },
  {
    words: /tax\s?(?:type|rate).*(?:not exist|cannot be used|must be valid|not valid|not found)/i,
    code: 'tax-type-missing',
    says: 'A tax rate of the mapping is not in Xero, or not for sales.',
  },
  {
    words: /tracking/i,
    code: 'tracking-missing',
    says: 'A tracking option of the mapping is not in Xero, or not active.',
  },
  {
    words: /not subscribed to currency|currency.*not (?:valid|supported|enabled)|multi-?currency/i,
    code: 'currency',
    says: 'The organisation does not use the currency of the store.',
  },
  {
    words:
      /(?:exceeds|greater than|more than) the (?:amount|outstanding|remaining)|overpa(?:y|id)/i,
    code: 'payment-too-large',
    says: 'A payment is larger than what is still due on the document.',
  },
  {
    words: /reconciled/i,
    code: 'changed-in-xero',
    says: 'A payment of the document has been reconciled in Xero and cannot be changed.',
  },
  {
    words: /payment or credit note allocated/i,
    code: 'changed-in-xero',
    says: 'Somebody has paid or credited the document by hand.',
  },
  {
    words:
      /not of valid status|only be made against|document is not (?:valid|approved)|to be paid could not be found/i,
    code: 'not-payable',
    says: 'The document cannot be paid in its present status.',
  },
  {
    words: /(?:payments? (?:is |are )?(?:not )?enabled|used for payments|account.*payment)/i,
    code: 'payments-not-enabled',
    says: 'A payment account of the mapping does not take payments.',
  },
  {
    words:
      /account.*(?:not (?:be )?found|not exist|must be specified|must be valid|not recognised)/i,
    code: 'account-missing',
    says: 'An account of the mapping is not in Xero.',
  },
  {
    words: /account.*not a valid code|account.*(?:cannot|can't) be used/i,
    code: 'account-not-for-lines',
    says: 'Xero does not take invoice lines on an account of the mapping.',
  },
  {
    words: /idempotency/i,
    code: 'xero-unknown-outcome',
    says: 'Xero could not tell whether the document was made.',
  },
  {
    words:
      /permission|not authori[sz]ed|forbidden|insufficient|AuthorizationUnsuccessful|read[- ]only/i,
    code: 'xero-not-allowed',
    says: 'The person who connected Xero may not do this there.',
  },
  {
    words:
      /AuthenticationUnsuccessful|token.*(?:expired|invalid|revoked)|disconnected|unauthori[sz]ed/i,
    code: 'xero-disconnected',
    says: 'Xero is no longer connected.',
  },
  {
    words: /subscription|organisation.*(?:expired|cancelled|inactive|not active)/i,
    code: 'organisation-closed',
    says: 'The organisation’s Xero subscription is not active.',
  },
  {
    words: /offline|maintenance|temporarily unavailable|try again/i,
    code: 'xero-unavailable',
    says: 'Xero cannot be reached at the moment.',
  },
];

/**
 * One reason per kind of refusal, in the order Xero gave them.
 * @param messages Xero's `ValidationErrors[].Message`s (or `Message`, or `Detail`)
 * @param raw the whole answer as it came, kept beside each; the message itself when absent
 */
export function reasonsFromXero(messages: readonly string[], raw?: string): Reason[] {
  const said = messages.length === 0 ? ['Xero refused without saying why.'] : messages;
  return distinctReasons(said.map(message => translate(message, raw ?? message)));
}

function translate(message: string, raw: string): Reason {
  const known = REFUSALS.find(({ words }) => words.test(message));
  if (known === undefined) return reason('xero-refused', `Xero says: ${message}`, { raw });
  const says = message === raw ? known.says : `${known.says} (Xero: “${message}”)`;
  return reason(known.code, says, { raw });
}

/** What a failed call means for the day that waits for it. */
export function reasonsFromError(error: unknown): Reason[] {
  if (!(error instanceof AppError)) return [reason('xero-refused', messageOf(error))];
  const raw = rawOf(error);
  const more = raw === undefined ? {} : { raw };
  switch (error.code) {
    case 'xero-validation':
    case 'refused':
      return reasonsFromXero([error.message], raw);
    case 'xero-rate-limit':
      return [reason('xero-rate-limit', 'Xero takes no more calls for the moment.', more)];
    case 'xero-disconnected':
      return [reason('xero-disconnected', 'Xero is no longer connected.', more)];
    case 'xero-unknown-outcome':
      return [reason('xero-unknown-outcome', 'Xero’s answer was lost on the way.', more)];
    case 'xero-unavailable':
    case 'unreachable':
      return [reason('xero-unavailable', 'Xero cannot be reached at the moment.', more)];
    default:
      return [reason('xero-refused', error.message, more)];
  }
}

function rawOf({ cause }: AppError): string | undefined {
  if (cause === undefined) return undefined;
  if (typeof cause === 'string') return cause;
  return cause instanceof Error ? cause.message : JSON.stringify(cause);
}
