/**
 * What is wrong, worst first, each as a sentence for somebody behind a counter with what to do.
 * The first one is the headline; when nothing is wrong, the headline says what is right.
 */
import type { AgentStatus, Finding, TerminalStatus } from './status.ts';
import { asideWords } from './words.ts';

export type Facts = Omit<AgentStatus, 'headline' | 'problems'> & {
  storageReason: string;
  chainProblem: string | undefined;
  /** Days of another machine of which messages are here that no summary of ours may hold. */
  elsewhere: { date: string; messages: number }[];
  /** Signed summaries that cannot be read any more, as `2026-11-21.1`. */
  damagedSummaries: string[];
};

type Rule = (facts: Facts) => Finding | undefined;

/** A till that connects anew within this time is not worth a word. */
const AWAY_AFTER_MS = 60_000;
const CERTIFICATE_DAYS = 14;
/** What a till did longer ago is over. */
const TILL_PROBLEM_MS = 3_600_000;

/** The rules stand in the order of their weight. */
const RULES: readonly Rule[] = [
  notSaved,
  upstreamAway,
  clockWrong,
  chainForked,
  keptAside,
  closedElsewhere,
  notEnrolled,
  refused,
  relayAway,
  diskSoonFull,
  damaged,
  damagedSummary,
  gaps,
  tillsAway,
  quarantined,
  tillProblems,
  carelessTills,
  clockSkewed,
  certificateEnds,
  noTills,
];

export function findingsOf(facts: Facts): { headline: Finding; problems: Finding[] } {
  const problems = RULES.flatMap(rule => rule(facts) ?? []);
  return { headline: problems[0] ?? allWell(facts), problems };
}

function allWell({ today, outbox, now }: Facts): Finding {
  const sent =
    outbox.lastDeliveredAt === null
      ? 'No day has had to be sent to head office yet.'
      : `Last sent to head office ${whenOf(outbox.lastDeliveredAt, now)}.`;
  const saved =
    today.transactions === 0
      ? 'Ready for sales; there are none yet today.'
      : `${today.transactions === 1 ? 'The one sale' : `All ${today.transactions} sales`} today ${today.transactions === 1 ? 'is' : 'are'} saved.`;
  return { code: 'ok', level: 'good', message: `${saved} ${sent}`, fix: '' };
}

/** `00:07`, or with its date when that was not today; in the zone of `now`. */
export function whenOf(instant: string, now: string): string {
  return instant.slice(0, 10) === now.slice(0, 10)
    ? instant.slice(11, 16)
    : `${instant.slice(0, 10)} ${instant.slice(11, 16)}`;
}

function notSaved({ ready, storageReason }: Facts): Finding | undefined {
  if (ready) return undefined;
  return {
    code: 'not-saved',
    level: 'bad',
    message: `Sales are NOT being saved: ${storageReason.split('. ')[0]}.`,
    fix: `${storageReason.split('. ').slice(1).join('. ') || 'Free some space on this disk.'} Write sales down by hand until then; the tills keep theirs and send them later.`,
  };
}

function upstreamAway({ mqtt }: Facts): Finding | undefined {
  if (mqtt.upstreamError === null) return undefined;
  return {
    code: 'upstream-away',
    level: 'bad',
    message: "No sale comes in: the shop's own broker cannot be reached.",
    fix: 'Check that broker and AGENT_UPSTREAM_URL. What the tills give to it meanwhile comes in afterwards.',
  };
}

function clockWrong({ clock }: Facts): Finding | undefined {
  switch (clock.verdict) {
    case 'right':
      return undefined;
    case 'behind-build':
    case 'behind-records':
      return attention(
        'clock-behind',
        "This machine's clock is behind. Sales are saved, but no day is closed.",
        'Set the date and time of this machine.',
      );
    case 'suspect':
      return attention(
        'clock-jumped',
        "This machine's clock has jumped forward. Sales are saved, but no day is closed.",
        'Check date and time. If they are right, run: tillbook-agent clock confirm (a sale from a till or contact with head office confirms them too).',
      );
  }
}

function chainForked({ chainProblem }: Facts): Finding | undefined {
  if (chainProblem === undefined) return undefined;
  return attention(
    'chain',
    `Two machines speak for this shop, or this one was restored from an old copy: ${chainProblem}.`,
    'Call head office; only one machine may run, and it may have to be enrolled again.',
  );
}

function keptAside({ days }: Facts): Finding | undefined {
  const aside = days.filter(day => day.keptAside !== undefined);
  const [first] = aside;
  if (first === undefined) return undefined;
  return attention(
    'kept-aside',
    `Head office has set ${listOf(aside.map(({ date }) => date))} aside: ${asideWords(first.keptAside ?? '')}.`,
    'Call head office: nothing is lost, the day is here and there. If this machine was replaced or set back to a backup, it is enrolled again with a new code.',
  );
}

function closedElsewhere({ elsewhere }: Facts): Finding | undefined {
  if (elsewhere.length === 0) return undefined;
  const count = elsewhere.reduce((sum, day) => sum + day.messages, 0);
  const dates = listOf(elsewhere.map(({ date }) => date));
  return attention(
    'closed-elsewhere',
    `${count} saved ${count === 1 ? 'message' : 'messages'} of ${dates} may be missing from head office's total: another machine closed ${elsewhere.length === 1 ? 'that day' : 'those days'}.`,
    `Send head office the day as it is here (tillbook-agent export ${elsewhere[0]?.date}); it compares the receipts and enters what it lacks by hand.`,
  );
}

function notEnrolled({ store }: Facts): Finding | undefined {
  if (store !== null) return undefined;
  return attention(
    'not-enrolled',
    'Sales are saved here, but this shop is not connected to head office yet.',
    'Run: tillbook-agent enrol --relay URL --code CODE (head office gives both).',
  );
}

function refused({ relay }: Facts): Finding | undefined {
  if (relay.refusal === null) return undefined;
  const { message, hint } = relay.refusal;
  return attention(
    'refused',
    `Sales are safe here, but head office does not accept this machine: ${message}.`,
    hint ?? 'Call head office; this machine may have to be enrolled again with a new code.',
  );
}

function relayAway({ outbox, relay, today }: Facts): Finding | undefined {
  const { lastError, waiting } = outbox;
  if (relay.reachable !== false && (lastError === null || waiting === 0)) return undefined;
  const days = `${waiting} ${waiting === 1 ? 'day waits' : 'days wait'} to be sent`;
  if (lastError?.code.startsWith('disk-')) {
    return attention(
      'not-sent',
      `Sales are safe here, but ${days}: ${lastError.message}.`,
      'Call support: the disk of this machine, or the rights on its folder, need a look. It is tried again by itself.',
    );
  }
  const count = waiting === 0 ? `${today.transactions} today` : days;
  const why = lastError === null || relay.reachable === false ? '' : ` (${lastError.message})`;
  return attention(
    'relay-unreachable',
    `Sales are safe here (${count}), but head office cannot be reached${why}.`,
    'Check the internet connection. Keep selling; everything is sent by itself once it is back.',
  );
}

function diskSoonFull({ disk }: Facts): Finding | undefined {
  if (disk.daysLeft === null || disk.daysLeft >= 14) return undefined;
  return attention(
    'disk-low',
    `The disk has room for about ${disk.daysLeft} more days of sales.`,
    'Free some space on this disk.',
  );
}

function damaged({ today }: Facts): Finding | undefined {
  if (today.damaged === 0) return undefined;
  return attention(
    'damaged',
    `${today.damaged} saved ${today.damaged === 1 ? 'record' : 'records'} of today cannot be read any more.`,
    'Call support: the disk may be failing. Run: tillbook-agent verify.',
  );
}

function damagedSummary({ damagedSummaries: names }: Facts): Finding | undefined {
  if (names.length === 0) return undefined;
  return attention(
    'damaged-summary',
    `The signed ${names.length === 1 ? 'summary' : 'summaries'} ${listOf(names)} cannot be read any more; the sales are kept.`,
    'Call support: the disk may be failing. Put the file back from a backup (from summaries/damaged it is not used), or enrol this machine again with a new code.',
  );
}

function gaps({ terminals }: Facts): Finding | undefined {
  const missing = terminals.filter(till => till.missing.length > 0);
  if (missing.length === 0) return undefined;
  const count = missing.reduce((sum, till) => sum + countOf(till), 0);
  return attention(
    'gaps',
    `${count} ${count === 1 ? 'sale' : 'sales'} of ${listOf(missing.map(({ id }) => id))} ${count === 1 ? 'has' : 'have'} not arrived.`,
    gapsFix(missing),
  );
}

/** What a connected till has not sent after some minutes it may never send by itself. */
function gapsFix(tills: readonly TerminalStatus[]): string {
  const off = tills.filter(({ connected }) => !connected);
  if (off.length === 0) {
    return 'It is sent by itself within minutes. If it stays, restart the till; then ask whoever looks after the tills.';
  }
  return tills.length === 1
    ? 'Switch this till on and connect it; it sends what is missing by itself.'
    : `Switch on and connect ${listOf(off.map(({ id }) => id))}; what is missing is sent by itself.`;
}

function countOf({ missing }: TerminalStatus): number {
  return missing.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

function tillsAway({ terminals, mqtt, now }: Facts): Finding | undefined {
  if (mqtt.upstream) return undefined;
  const nowMs = Date.parse(now);
  const away = terminals.filter(
    ({ connected, lastSeenAt, transactions }) =>
      !connected && transactions > 0 && nowMs - Date.parse(lastSeenAt ?? now) >= AWAY_AFTER_MS,
  );
  if (away.length === 0) return undefined;
  return attention(
    'tills-away',
    `${listOf(away.map(({ id }) => id))} sold today and ${away.length === 1 ? 'is' : 'are'} not connected.`,
    away.length === 1
      ? 'Check that it is switched on and on the shop network. Its sales arrive when it is back.'
      : 'Check that they are switched on and on the shop network. Their sales arrive when they are back.',
  );
}

function quarantined({ quarantine, quarantineCount: count }: Facts): Finding | undefined {
  if (quarantine.length === 0) return undefined;
  const tills = listOf([...new Set(quarantine.map(({ terminal }) => terminal))]);
  return attention(
    'quarantine',
    `${count} ${count === 1 ? 'message' : 'messages'} of ${tills} could not be counted.`,
    `${count === 1 ? 'It is' : 'They are'} kept. Ask whoever looks after the tills: tillbook-agent quarantine list.`,
  );
}

function tillProblems({ terminals, now }: Facts): Finding | undefined {
  const recent = (at: string) => Date.parse(now) - Date.parse(at) < TILL_PROBLEM_MS;
  const till = terminals.find(({ problems }) => problems.some(({ at }) => recent(at)));
  const problem = till?.problems.findLast(({ at }) => recent(at));
  if (till === undefined || problem === undefined) return undefined;
  return attention(
    'till-problem',
    `${till.id}: ${problem.message}.`,
    'Ask whoever looks after the tills to correct its settings.',
  );
}

function carelessTills({ terminals }: Facts): Finding | undefined {
  const tills = terminals.filter(till => till.qos0 + till.retained > 0).map(({ id }) => id);
  if (tills.length === 0) return undefined;
  return attention(
    'qos0',
    `${listOf(tills)} ${tills.length === 1 ? 'sends' : 'send'} sales without asking for a receipt (QoS 0 or retained).`,
    'Have them set to QoS 1 without retain: otherwise a sale may be lost on the way.',
  );
}

function clockSkewed({ relay }: Facts): Finding | undefined {
  const seconds = relay.skewSeconds;
  if (seconds === null || Math.abs(seconds) < 300) return undefined;
  const minutes = Math.round(Math.abs(seconds) / 60);
  return attention(
    'clock-skew',
    `This machine's clock is ${minutes} minutes ${seconds > 0 ? 'behind' : 'ahead of'} head office.`,
    'Set the clock, and switch on automatic time.',
  );
}

function certificateEnds({ mqtt, now }: Facts): Finding | undefined {
  const { tlsExpiresAt } = mqtt;
  if (tlsExpiresAt === null) return undefined;
  const days = Math.floor((Date.parse(tlsExpiresAt) - Date.parse(now)) / 86_400_000);
  if (days >= CERTIFICATE_DAYS) return undefined;
  const until = tlsExpiresAt.slice(0, 10);
  return attention(
    'certificate',
    `The certificate of the till network ${days < 0 ? 'has ended' : 'ends'} on ${until}.`,
    'Renew it: put new files in its place; they are taken over without a restart.',
  );
}

function noTills({ terminals, mqtt }: Facts): Finding | undefined {
  if (terminals.length > 0 || mqtt.upstream) return undefined;
  return attention(
    'no-tills',
    'No till is set up yet.',
    'Run: tillbook-agent terminal add till-1, and type what it prints into the till.',
  );
}

function attention(code: string, message: string, fix: string): Finding {
  return { code, level: 'attention', message, fix };
}

function listOf(names: readonly string[]): string {
  if (names.length <= 3) return names.join(', ');
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
