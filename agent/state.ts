/**
 * The agent's small state: what can be read neither from the journal nor from the signed summaries.
 * One lowdb document, written durably. Every change goes through `change`, which resolves once the
 * new state is on disk.
 */
import { join } from 'node:path';
import type { DayProgress, LastKnown } from '../protocol/agent-relay.ts';
import { isAppError } from '../protocol/errors.ts';
import { openJsonFile } from '../protocol/host/durable-json.ts';
import type { Logger } from '../protocol/host/log.ts';
import type { PublicJwk } from '../protocol/signing.ts';
import type { Rejoin } from './day/rejoin.ts';

/** From business date `from` on the trading day turns at `cutOver` in `timezone`. */
export interface CalendarRule {
  from: string;
  timezone: string;
  cutOver: string;
}

export interface EnrolmentState {
  storeId: string;
  name: string;
  /** Address of the relay without a trailing slash. */
  relay: string;
  relayKey: PublicJwk;
  /** Key id with which this machine signs. */
  kid: string;
  /** The enrolment code whose key that is, hashed: a repeat of it is no change of keys. */
  codeId?: string;
  /** The public part of that key: a backup goes without the key itself. */
  publicKey?: PublicJwk;
  /** Public keys with which this folder signed before; its old summaries are verified by them. */
  formerKeys?: PublicJwk[];
  /** Where the relay's chain stood whenever this folder went on from it. */
  anchors?: { number: number; digest: string }[];
  /** The summaries still have to be made to follow the relay's chain. */
  rejoin?: Rejoin;
  enrolledAt: string;
  /** From this business date on every day is closed, the empty ones too. */
  firstDay: string;
  /** What the relay had of this store when this machine was enrolled. */
  last: LastKnown;
}

export interface DeliveryState {
  /** Failed attempts since the last success. */
  failures: number;
  /** Wall clock, ms; no attempt before it. */
  nextAttemptMs: number;
  lastError?: { code: string; message: string; hint?: string; at: string };
  lastDeliveredAt?: string;
}

export interface ClockState {
  /** The latest wall clock that was believed, ms; 0 before the first start. */
  seenMs: number;
  /** Records up to this receipt time are no evidence against the clock (somebody confirmed it). */
  forgivenMs: number;
  /** The clock jumped far forward and nobody has confirmed it yet. */
  suspect: boolean;
}

export interface AgentState {
  version: 1;
  calendar: CalendarRule[];
  currency?: string;
  enrolment?: EnrolmentState;
  delivery: DeliveryState;
  heartbeat: {
    /** No heartbeat had a higher counter; the next start goes on above it. */
    counter: number;
    lastAnswerAt?: string;
    /** The relay's own words when it refuses this machine. */
    refusal?: { message: string; hint?: string };
    /** The relay's clock minus ours at the last answer, ms. */
    skewMs?: number;
    /** Ids of commands that were carried out, newest last. */
    doneCommands: string[];
    /** What the relay told about its chain that does not fit ours. */
    chainProblem?: string;
  };
  days: DayProgress[];
  clock: ClockState;
}

export interface StateFile {
  readonly data: Readonly<AgentState>;
  /** Changes the document and resolves when the change is on disk. */
  change(edit: (state: AgentState) => void): Promise<void>;
  /** The same for what may be lost without harm: trouble with the disk is only logged. */
  note(edit: (state: AgentState) => void): Promise<void>;
}

const EMPTY: AgentState = {
  version: 1,
  calendar: [],
  delivery: { failures: 0, nextAttemptMs: 0 },
  heartbeat: { counter: 0, doneCommands: [] },
  days: [],
  clock: { seenMs: 0, forgivenMs: 0, suspect: false },
};

/** @throws AppError `damaged` when the file and its previous version are both unreadable */
export async function openState(dataDir: string, log: Logger): Promise<StateFile> {
  const file = await openJsonFile<AgentState>(join(dataDir, 'state.json'), structuredClone(EMPTY), {
    onDamage: damage => log.error(damage, 'state file was damaged, its previous version is used'),
  });
  return {
    get data() {
      return file.data;
    },
    async change(edit) {
      edit(file.data);
      await file.write();
    },
    async note(edit) {
      edit(file.data);
      await file.write().catch((error: unknown) => {
        if (!isAppError(error)) throw error;
        log.warn({ error }, 'state could not be written, it is kept in memory');
      });
    },
  };
}
