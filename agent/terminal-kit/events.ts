/** What the kit tells a till by itself: the connection, each delivery, and what is wrong. */
import type { Recorded } from './receipt.ts';

/** Why there is no connection, and when the next attempt comes. */
export interface Disconnected {
  /** `refused`: user name or password. `unreachable`: nobody answers. `lost`: it was there. */
  code: 'refused' | 'unreachable' | 'lost';
  message: string;
  retryInMs: number;
}

/** What the agent has against a message that it stored but did not accept. */
export interface Problem {
  /** See the table of codes in protocol/README.md. */
  code: string;
  /** The cause in words. */
  message: string;
  /** Where in the message, as in `lines[0].amount`; '' for the whole. */
  path: string;
  /** Of the message, as far as it could be read. */
  id?: string;
  sequence?: number;
}

export interface TerminalEvents {
  /** The agent is there. */
  connected: [];
  /** It is not; the till goes on recording and the kit goes on trying. */
  disconnected: [why: Disconnected];
  /** The agent has this receipt on its disk. */
  delivered: [recorded: Recorded];
  /** The agent stored a message but does not accept it: show it to somebody who can mend it. */
  problem: [problem: Problem];
}
