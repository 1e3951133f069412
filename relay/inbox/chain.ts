/**
 * The judgement on one summary, a pure function: is it the next link of the store's chain, and may
 * its content be used? A summary in its right place moves the chain on even if its content is kept
 * aside, so that one bad day never holds up the days after it.
 */
import type { KeptAsideReason } from '../../protocol/agent-relay.ts';
import type { DaySummary } from '../../protocol/day-summary.ts';
import type { DayRecord, StoreRecord } from '../db/records.ts';

/** Who it says it is: all that is needed to keep it, whatever else is wrong with it. */
export type SummaryIdentity = Pick<
  DaySummary,
  'storeId' | 'businessDate' | 'revision' | 'number' | 'previous'
>;

export interface Evidence {
  identity: SummaryIdentity;
  /** Undefined: it does not fit the schema or does not add up. */
  summary: DaySummary | undefined;
  head: StoreRecord['head'];
  keyIsRevoked: boolean;
  /** The summary named by `previous` was kept aside and did not move the chain. */
  followsStray: boolean;
  /** The latest business date that may be closed by now. */
  newestDate: string;
  /** The day as it was before. */
  day: DayRecord | undefined;
}

export type Judgement =
  | { verdict: 'accepted'; moves: true }
  | { verdict: 'kept-aside'; reason: KeptAsideReason; moves: boolean }
  /** The number before it has not come yet. */
  | { verdict: 'too-early' };

export function judge(evidence: Evidence): Judgement {
  const { identity, head } = evidence;
  if (evidence.keyIsRevoked) return keepAside('revoked-key', false);
  if (identity.number > head.number + 1) {
    return evidence.followsStray ? keepAside('broken-chain', false) : { verdict: 'too-early' };
  }
  if (identity.number <= head.number) {
    return keepAside(isKnownRevision(evidence) ? 'other-content' : 'broken-chain', false);
  }
  if (identity.previous !== head.digest) return keepAside('broken-chain', false);
  const reason = whyNotUsed(evidence);
  return reason === undefined ? { verdict: 'accepted', moves: true } : keepAside(reason, true);
}

function whyNotUsed(evidence: Evidence): KeptAsideReason | undefined {
  const { identity, summary, day } = evidence;
  if (summary === undefined) return 'bad-summary';
  if (identity.businessDate > evidence.newestDate) return 'future-day';
  const before = day?.revisions.at(-1);
  if (before === undefined) return undefined;
  if (identity.revision <= before.revision) return 'other-content';
  return losesHistory(before.parts.terminals, summary.terminals) ? 'history-lost' : undefined;
}

function isKnownRevision({ identity, day }: Evidence): boolean {
  return day?.revisions.some(known => known.revision === identity.revision) ?? false;
}

/** A revision has at least the entries of every terminal that the one before had. */
function losesHistory(before: DaySummary['terminals'], after: DaySummary['terminals']): boolean {
  const counts = new Map(after.map(row => [`${row.epoch} ${row.terminal}`, row.count]));
  return before.some(row => (counts.get(`${row.epoch} ${row.terminal}`) ?? 0) < row.count);
}

function keepAside(reason: KeptAsideReason, moves: boolean): Judgement {
  return { verdict: 'kept-aside', reason, moves };
}

/** Words for head office and the log. */
export const KEPT_ASIDE_WORDS: Record<KeptAsideReason, { message: string; fix: string }> = {
  'other-content': {
    message: 'A second summary of the same day and revision came, with other content.',
    fix: 'Two machines use the same data folder (a cloned disk): stop one of them. If it is one machine that was set back to a backup, enrol it again with a new code.',
  },
  'broken-chain': {
    message: 'The summary does not go on from the last one that was accepted.',
    fix: 'If the machine was set back to a backup, make a new enrolment code and enrol it again.',
  },
  'revoked-key': {
    message: 'It was signed by a machine that was replaced or revoked.',
    fix: 'Stop that machine. If it is the right one, enrol it again with a new code.',
  },
  'future-day': {
    message: 'The business date has not begun yet.',
    fix: 'Set the clock of the machine in the shop right, and close the day again.',
  },
  'history-lost': {
    message: 'The revision has fewer sales than the one before it.',
    fix: 'Look at the machine in the shop: a part of its journal is missing. Nothing was posted.',
  },
  'bad-summary': {
    message: 'The summary does not add up or is not in the agreed form.',
    fix: 'Update the agent in the shop and tell its maintainers; the summary is kept as it came.',
  },
};
